namespace Chancery.Server.Platform.OpenApi;

/// <summary>Says in the description that a route takes a person's sign-in and no API key.</summary>
internal sealed record PersonalRoute;
