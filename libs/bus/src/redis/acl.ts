const CONNECTION = '+hello +auth +ping +info +time +client|setname';

/**
 * What each role must be allowed on the verification bus, as rules for `ACL SETUSER`: a gateway can ask and read its
 * answers, and cannot read requests, quarantine an image or run scripts; a verifier cannot ask.
 */
export const BUS_ACL = {
  gateway: `${CONNECTION} +xadd +xdel +blmpop +zrange +zcount %W~{connaisseur-bus}:requests ~{connaisseur-bus}:replies:* %R~{connaisseur-bus}:quarantine %R~{connaisseur-bus}:verifiers %R~{connaisseur-bus}:isolated`,
  verifier: `${CONNECTION} +multi +exec +xreadgroup +xgroup +xinfo|consumers +xack +xdel +xclaim +xautoclaim +rpush +pexpire +zadd +zrem +zrange +zcount +zremrangebyscore +zremrangebyrank +hset +hdel +hscan ~{connaisseur-bus}:* (+xadd ~{connaisseur-bus}:dead)`,
} as const;
