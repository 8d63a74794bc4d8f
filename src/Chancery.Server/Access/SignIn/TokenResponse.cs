using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Access.SignIn;

/// <summary>What every way of signing in answers. Over the page's cookie there are no tokens in it.</summary>
/// <param name="ExpiresIn">Seconds.</param>
/// <param name="RefreshExpiresIn">Seconds.</param>
/// <param name="Tenants">All organisations of the person; switch to another with <c>POST /api/v1/auth/switch</c>.</param>
public sealed record TokenResponse(
    string? AccessToken,
    string? TokenType,
    long? ExpiresIn,
    string? RefreshToken,
    long? RefreshExpiresIn,
    UserView User,
    IReadOnlyList<TenantView> Tenants
);

/// <summary>A signed-in person (or key) in one organisation.</summary>
public sealed record UserView(
    Guid Id,
    string Email,
    string Name,
    [property: OneOf(typeof(Role))] string Role,
    Guid TenantId,
    string TenantName,
    string Plan,
    IReadOnlyList<string> Permissions
)
{
    internal static UserView Of(Principal principal) =>
        new(
            principal.Id,
            principal.Email,
            principal.Name,
            principal.Role,
            principal.Tenant.Value,
            principal.TenantName,
            principal.Plan,
            [.. principal.Permissions.Order(StringComparer.Ordinal)]
        );
}

/// <summary>An organisation that the person belongs to.</summary>
public sealed record TenantView(Guid Id, string Name, [property: OneOf(typeof(Role))] string Role);
