namespace Chancery.Server.Gateway;

/// <summary>What the operator decides about the interfaces for programs.</summary>
/// <param name="PingInterval">PING_INTERVAL: how long a stream may be silent before a comment keeps it open.</param>
public sealed record GatewayOptions(TimeSpan PingInterval);
