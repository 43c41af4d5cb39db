//! Rules about clients: output buffers, timeouts, numbers of connections, pub/sub.
