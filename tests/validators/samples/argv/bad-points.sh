# server: redis-6.2
# wanted: points
# wrong: save: expected '3600 1 300 100', redis-6.2 has ''
redis-server --maxmemory 100mb --maxmemory-policy noeviction --save '3600 1 300 100' --appendonly yes
