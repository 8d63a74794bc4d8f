namespace Chancery.Server.Access.Authentication;

/// <summary>
/// On a route that is the same for everybody, such as a style sheet: whatever credential comes along is not looked at, so
/// that it is served, too, while nobody can be looked up.
/// </summary>
internal sealed class NoCredential
{
    public static readonly NoCredential Instance = new();
}
