"""What `tests/run` is made of.

    common      paths, the two ways in which something cannot be had, stamps
    process     run a program so that nothing outlives it
    pins        read the files that pin what is fetched
    pip, apt    the two sources
    servers     real Redis and Valkey servers, into target/servers
    tools       programs that check what redisconf writes, into target/tools
    cargo       the Rust tests
    validators  the Python checks in tests/validators
    report      one line for each thing, and the closing line

Only the standard library is used: it runs wherever Python 3.9 does.
"""
