"""`_hashlib` without any function of OpenSSL: `hashlib` then takes those of this Python."""

openssl_md_meth_names = frozenset()


def new(name, string=b""):
    """Raises ValueError: there is none."""
    raise ValueError("unsupported hash type " + str(name))
