# server: redis-8.2
# wanted: plain
# wrong: argument must be a memory value
redis-server --maxmemory 100Mi
