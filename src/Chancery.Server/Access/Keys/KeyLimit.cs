namespace Chancery.Server.Access.Keys;

/// <summary>What the request's key may do in a minute; with the request where the key says.</summary>
internal sealed record KeyLimit(int RequestsPerMinute);
