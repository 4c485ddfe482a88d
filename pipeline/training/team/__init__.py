"""Several processes that train one model: freely, or in shards whose bytes do not depend on how many there are."""
