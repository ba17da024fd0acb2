"""Which network addresses count as one client, wherever it is counted how often somebody asks."""

from ipaddress import AddressValueError, IPv6Address


def network_of(address: str) -> str:
    """The address itself; of an IPv6 address its network, for a provider gives each customer one.

    Example: "10.1.0.7" -> "10.1.0.7", "2001:db8:0:1::7" -> "20010db800000001", "::ffff:10.1.0.7" -> "10.1.0.7".
    """
    try:
        found = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.packed[:8].hex()
