# What Connaisseur's Makefile offers, by the same names; the rest is in package.json.
NAMESPACE ?= connaisseur
RELEASE ?= connaisseur
IMAGE ?= connaisseur
VERSION := $(shell sed -n 's/^appVersion: //p' deploy/chart/Chart.yaml)
VALUES ?=
HELM ?= helm
KUBECTL ?= kubectl

.PHONY: docker install upgrade uninstall annihilate chart

docker:
	docker build -f deploy/docker/Dockerfile -t $(IMAGE):$(VERSION) .

install:
	$(HELM) install $(RELEASE) deploy/chart --atomic --create-namespace --namespace $(NAMESPACE) $(if $(VALUES),--values $(VALUES))
	$(KUBECTL) label namespace $(NAMESPACE) --overwrite pod-security.kubernetes.io/enforce=restricted

upgrade:
	$(HELM) upgrade $(RELEASE) deploy/chart --wait --namespace $(NAMESPACE) $(if $(VALUES),--values $(VALUES))

# Takes the webhooks away first; the namespace goes with what was made in it, keys included.
uninstall:
	$(HELM) uninstall $(RELEASE) --namespace $(NAMESPACE)
	$(KUBECTL) delete namespace $(NAMESPACE)

# When helm cannot help any more: the keeper, which would put them back, and the webhooks first, so that the cluster works;
# then everything that carries our label. A line that finds nothing, or a kind that this cluster has not, stops no other.
OURS := --selector app.kubernetes.io/part-of=connaisseur-ts --ignore-not-found
annihilate:
	-$(KUBECTL) delete deployments,jobs --namespace $(NAMESPACE) $(OURS)
	$(KUBECTL) delete mutatingwebhookconfigurations,validatingwebhookconfigurations connaisseur-webhook --ignore-not-found
	-$(KUBECTL) delete validatingadmissionpolicybindings,validatingadmissionpolicies $(OURS)
	-$(KUBECTL) delete clusterrolebindings,clusterroles,priorityclasses $(OURS)
	-$(KUBECTL) delete roles,rolebindings --all-namespaces $(OURS)
	$(KUBECTL) delete namespace $(NAMESPACE) --ignore-not-found

# Files of the chart that are made from code.
chart:
	npm run --silent build
	node dist/deploy/chart/generate.js
