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

upgrade:
	$(HELM) upgrade $(RELEASE) deploy/chart --wait --namespace $(NAMESPACE) $(if $(VALUES),--values $(VALUES))

# Takes the webhooks away first; the namespace goes with what was made in it, keys included.
uninstall:
	$(HELM) uninstall $(RELEASE) --namespace $(NAMESPACE)
	$(KUBECTL) delete namespace $(NAMESPACE)

# When helm cannot help any more: the webhooks first, so that the cluster works, then everything that carries our label.
annihilate:
	$(KUBECTL) delete mutatingwebhookconfigurations,validatingwebhookconfigurations connaisseur-webhook --ignore-not-found
	$(KUBECTL) delete validatingadmissionpolicybindings,validatingadmissionpolicies connaisseur-namespace-label --ignore-not-found
	$(KUBECTL) delete clusterrolebindings,clusterroles,priorityclasses --selector app.kubernetes.io/part-of=connaisseur-ts --ignore-not-found
	$(KUBECTL) delete roles,rolebindings --all-namespaces --selector app.kubernetes.io/part-of=connaisseur-ts --ignore-not-found
	$(KUBECTL) delete namespace $(NAMESPACE) --ignore-not-found

# Files of the chart that are made from code.
chart:
	npm run --silent build
	node dist/deploy/chart/generate.js
