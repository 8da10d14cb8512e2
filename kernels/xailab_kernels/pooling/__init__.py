"""Max pooling that remembers where each maximum stood, and unpooling, its adjoint; any window, any stride."""
