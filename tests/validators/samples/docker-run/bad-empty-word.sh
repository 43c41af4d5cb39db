# server: redis-8.2
# wanted: points
# wrong: save: expected '3600 1 300 100'
docker run -d redis:8.2 \
  redis-server --maxmemory 100mb --maxmemory-policy noeviction --save 3600 1 --save 300 100 --save '' --appendonly yes
