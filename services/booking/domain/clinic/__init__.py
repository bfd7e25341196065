"""The clinic itself: who it is, who may call for it, what its desk is to do."""
