# server: redis-8.2
# wanted: nasty
# wrong: ignore-warnings: expected
redis-server --ignore-warnings "# $HOME ${HOME}"
