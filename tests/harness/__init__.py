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

What the validators of artefacts share, from the artefact to the verdict:

    profiles    which profiles are rendered for which servers, and the rendering
    cases       one artefact and what is wanted of it; samples; schema checkers
    manifests   Kubernetes manifests, read the way kubectl reads them
    pod         run a pod's containers here, up to the moment the server starts
    standin     programs that write down the words they are started with
    boot        start a real server with these words, ask for its settings
    resp        talk to it
    meaning     compare a value that was wanted with one that is shown
    verdict     all differences, worded

Only the standard library is used: it runs wherever Python 3.9 does.
"""
