using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Compatibility;

/// <summary>Ids in the bodies of older clients: whose data it is about says the credential, and they may only say the same.</summary>
internal static class OwnIds
{
    private static readonly string[] Organisations = ["company_id", "companyId", "tenant_id", "tenantId"];
    private static readonly string[] People = ["user_id", "userId"];

    /// <summary>Refuses a JSON body that names another organisation or person; what cannot be read the route itself refuses.</summary>
    public static TBuilder TakesOwnIdsOnly<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder
    {
        route.Add(endpoint =>
        {
            var next = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = async context =>
            {
                if (await RefuseAsync(context) is { } refused)
                {
                    await refused.ExecuteAsync(context);
                }
                else
                {
                    await next(context);
                }
            };
        });
        return route;
    }

    /// <summary>Null when the ids say what the credential says, or nothing.</summary>
    public static ProblemHttpResult? Refuse(Principal principal, string? companyId, string? userId) =>
        IsOther(companyId, principal.Tenant.Value) ? Foreign("company_id", "your organisation's id")
        : IsOther(userId, principal.UserId) && IsOther(userId, principal.Id) ? Foreign("user_id", "your own id")
        : null;

    private static async Task<ProblemHttpResult?> RefuseAsync(HttpContext context)
    {
        if (context.Features.Get<Principal>() is not { } principal || !context.Request.HasJsonContentType())
        {
            return null;
        }

        context.Request.EnableBuffering();
        try
        {
            using var body = await JsonDocument.ParseAsync(
                context.Request.Body,
                cancellationToken: context.RequestAborted
            );
            return body.RootElement.ValueKind != JsonValueKind.Object
                ? null
                : body
                    .RootElement.EnumerateObject()
                    .Select(member =>
                        Organisations.Contains(member.Name, StringComparer.OrdinalIgnoreCase)
                        && IsOther(TextOf(member.Value), principal.Tenant.Value)
                            ? Foreign(member.Name, "your organisation's id")
                        : People.Contains(member.Name, StringComparer.OrdinalIgnoreCase)
                        && IsOther(TextOf(member.Value), principal.UserId)
                        && IsOther(TextOf(member.Value), principal.Id)
                            ? Foreign(member.Name, "your own id")
                        : null
                    )
                    .FirstOrDefault(refused => refused is not null);
        }
        catch (JsonException)
        {
            return null;
        }
        finally
        {
            context.Request.Body.Position = 0;
        }
    }

    private static string? TextOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString(),
            _ => value.GetRawText(),
        };

    private static bool IsOther(string? id, Guid own) =>
        !string.IsNullOrEmpty(id) && !(Guid.TryParse(id, out var given) && given == own);

    private static ProblemHttpResult Foreign(string field, string what) =>
        Problem.Of(
            403,
            "foreign-id",
            "The body names somebody else",
            $"{field} has to be {what}, as your credential says it. Leave it out."
        );
}
