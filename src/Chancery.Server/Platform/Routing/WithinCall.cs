namespace Chancery.Server.Platform.Routing;

/// <summary>Stands with a call of a route that another request makes in its caller's name: a tool that is a route.</summary>
/// <param name="Entrance">Where the caller came in and showed the credential.</param>
/// <param name="IsCounted">Whether the request around it was counted as one of the caller's already.</param>
public sealed record WithinCall(PathString Entrance, bool IsCounted);
