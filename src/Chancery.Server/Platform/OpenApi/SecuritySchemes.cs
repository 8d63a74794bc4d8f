using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>The credentials that the API takes; any one of them is enough.</summary>
internal static class SecuritySchemes
{
    public const string Key = "api_key";

    public static IReadOnlyDictionary<string, OpenApiSecurityScheme> All { get; } =
        new Dictionary<string, OpenApiSecurityScheme>
        {
            ["bearer"] = new()
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "The access token of a sign-in, or an API key.",
            },
            [Key] = new()
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-API-Key",
                Description = "An API key.",
            },
            ["cookie"] = new()
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "__Host-chancery",
                Description = "The page's own sign-in; counts for requests from the page itself only.",
            },
        };
}
