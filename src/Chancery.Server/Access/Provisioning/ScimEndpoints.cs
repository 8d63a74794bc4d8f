using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;

namespace Chancery.Server.Access.Provisioning;

/// <summary><c>/scim/v2</c>: an organisation's directory keeps its people and groups here (RFC 7644).</summary>
/// <remarks>
/// Not in the description of the API: clients of the protocol find it by <c>/scim/v2/Schemas</c>. A key that names the scope
/// <see cref="Permission.Provision"/> calls; no person, and no key without it.
/// </remarks>
public static class ScimEndpoints
{
    public const string Root = "/scim/v2";
    public const string MediaType = "application/scim+json";

    /// <summary>A thousand members with their references are about 150 KB.</summary>
    private const int MaxBody = 2 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var scim = routes
            .MapGroup(Root)
            .RequireAuthorization(Permission.Provision)
            .WithMetadata(new ScimErrors())
            .ExcludeFromDescription();
        scim.AddEndpointFilter(GuardAsync);

        scim.MapGet("/ServiceProviderConfig", (AccessSettings settings) => Json(ScimSchemas.Config(settings)));
        scim.MapGet("/ResourceTypes", (AccessSettings settings) => List(ScimSchemas.ResourceTypes(settings)));
        scim.MapGet(
            "/ResourceTypes/{id}",
            (string id, AccessSettings settings) => One(ScimSchemas.ResourceTypes(settings), id)
        );
        scim.MapGet("/Schemas", (AccessSettings settings) => List(ScimSchemas.All(settings)));
        scim.MapGet("/Schemas/{id}", (string id, AccessSettings settings) => One(ScimSchemas.All(settings), id));

        scim.MapGet(
            "/Users",
            async (Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
            {
                var query = ScimQuery.Read(http.Request.Query);
                var (page, total) = await users.ListAsync(by, query, cancel);
                return Listed(http, page, total, query);
            }
        );
        scim.MapGet(
            "/Users/{id}",
            async (string id, Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
                Shown(http, await users.GetAsync(by, IdOf(id), cancel))
        );
        scim.MapPost(
                "/Users",
                async (Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
                    Made(http, await users.CreateAsync(by, await BodyAsync(http, cancel), http.Audit(), cancel))
            )
            .Audited("member.provisioned")
            .TakesIdempotencyKey();
        scim.MapPut(
                "/Users/{id}",
                async (string id, Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
                    Changed(
                        http,
                        await users.ReplaceAsync(
                            by,
                            IdOf(id),
                            await BodyAsync(http, cancel),
                            VersionOf(http),
                            http.Audit(),
                            cancel
                        )
                    )
            )
            .Audited("member.reprovisioned");
        scim.MapPatch(
                "/Users/{id}",
                async (string id, Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
                    Changed(
                        http,
                        await users.PatchAsync(
                            by,
                            IdOf(id),
                            await BodyAsync(http, cancel),
                            VersionOf(http),
                            http.Audit(),
                            cancel
                        )
                    )
            )
            .Audited("member.reprovisioned");
        scim.MapDelete(
                "/Users/{id}",
                async (string id, Principal by, ScimUsers users, HttpContext http, CancellationToken cancel) =>
                {
                    await users.DeleteAsync(by, IdOf(id), VersionOf(http), cancel);
                    return Results.NoContent();
                }
            )
            .Audited("member.removed");

        scim.MapGet(
            "/Groups",
            async (Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
            {
                var query = ScimQuery.Read(http.Request.Query);
                var (page, total) = await groups.ListAsync(by, query, cancel);
                return Listed(http, page, total, query);
            }
        );
        scim.MapGet(
            "/Groups/{id}",
            async (string id, Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
                Shown(http, await groups.GetAsync(by, IdOf(id), cancel))
        );
        scim.MapPost(
                "/Groups",
                async (Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
                    Made(http, await groups.CreateAsync(by, await BodyAsync(http, cancel), http.Audit(), cancel))
            )
            .Audited("group.created")
            .TakesIdempotencyKey();
        scim.MapPut(
                "/Groups/{id}",
                async (string id, Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
                    Changed(
                        http,
                        await groups.ReplaceAsync(
                            by,
                            IdOf(id),
                            await BodyAsync(http, cancel),
                            VersionOf(http),
                            http.Audit(),
                            cancel
                        )
                    )
            )
            .Audited("group.reprovisioned");
        scim.MapPatch(
                "/Groups/{id}",
                async (string id, Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
                    Changed(
                        http,
                        await groups.PatchAsync(
                            by,
                            IdOf(id),
                            await BodyAsync(http, cancel),
                            VersionOf(http),
                            http.Audit(),
                            cancel
                        )
                    )
            )
            .Audited("group.reprovisioned");
        scim.MapDelete(
                "/Groups/{id}",
                async (string id, Principal by, ScimGroups groups, HttpContext http, CancellationToken cancel) =>
                {
                    await groups.DeleteAsync(by, IdOf(id), VersionOf(http), cancel);
                    return Results.NoContent();
                }
            )
            .Audited("group.deleted");
    }

    /// <summary>Only keys made for this; and errors in the words of the protocol.</summary>
    private static async ValueTask<object?> GuardAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    )
    {
        if (
            context.HttpContext.Features.Get<Principal>()
                is not { IsKey: true, IsExternal: false, ClientId: null, Scopes: { } scopes }
            || !scopes.Contains(Permission.Provision)
        )
        {
            return ScimErrors.Of(403, null, $"Use an API key with the scope {Permission.Provision}.");
        }

        try
        {
            return await next(context);
        }
        catch (ScimException exception)
        {
            return ScimErrors.Of(exception.Status, exception.ScimType, exception.Message);
        }
    }

    private static async Task<JsonObject> BodyAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.Request.ContentLength > MaxBody)
        {
            throw new ScimException(413, null, "The body is too long.");
        }

        using var whole = new MemoryStream();
        var piece = new byte[16 * 1024];
        int count;
        while ((count = await http.Request.Body.ReadAsync(piece, cancel)) > 0)
        {
            if (whole.Length + count > MaxBody)
            {
                throw new ScimException(413, null, "The body is too long.");
            }

            whole.Write(piece, 0, count);
        }

        try
        {
            return JsonNode.Parse(whole.ToArray(), ScimName.AnyCase, ScimName.Strict) is JsonObject body
                ? Read(body)
                : throw ScimException.Syntax("The body is a JSON object.");
        }
        catch (JsonException)
        {
            throw ScimException.Syntax("The body is no JSON.");
        }
    }

    /// <summary>
    /// Reads the names and texts of all objects at once, so that two names that differ in case only, and texts that are no Unicode,
    /// are noticed here.
    /// </summary>
    private static JsonObject Read(JsonObject body)
    {
        try
        {
            Walk(body);
            return body;
        }
        catch (ArgumentException)
        {
            throw ScimException.Syntax("The body names an attribute twice.");
        }
        catch (InvalidOperationException)
        {
            throw ScimException.Syntax("The body holds a text that is no Unicode.");
        }
    }

    private static void Walk(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject inner:
                foreach (var (_, value) in inner)
                {
                    Walk(value);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Walk(item);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }

    private static Guid IdOf(string id) => Guid.TryParse(id, out var parsed) ? parsed : throw ScimException.Missing(id);

    private static string? VersionOf(HttpContext http) =>
        http.Request.Headers.IfMatch.ToString() is { Length: > 0 } version ? version : null;

    private static IResult Shown(HttpContext http, JsonObject resource)
    {
        var version = ScimResource.VersionOf(resource);
        http.Response.Headers.ETag = version;
        return http.Request.Headers.IfNoneMatch == version
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Json(Projected(http, resource));
    }

    private static IResult Made(HttpContext http, JsonObject resource)
    {
        http.Response.Headers.ETag = ScimResource.VersionOf(resource);
        http.Response.Headers.Location = (string)resource["meta"]!["location"]!;
        return Json(Projected(http, resource), StatusCodes.Status201Created);
    }

    private static IResult Changed(HttpContext http, JsonObject resource)
    {
        http.Response.Headers.ETag = ScimResource.VersionOf(resource);
        return Json(Projected(http, resource));
    }

    private static IResult Listed(HttpContext http, IReadOnlyList<JsonObject> page, int total, ScimQuery query) =>
        Json(
            new JsonObject
            {
                ["schemas"] = new JsonArray(ScimName.ListResponse),
                ["totalResults"] = total,
                ["startIndex"] = query.StartIndex,
                ["itemsPerPage"] = page.Count,
                ["Resources"] = new JsonArray([.. page.Select(one => (JsonNode)Projected(http, one))]),
            }
        );

    private static JsonObject Projected(HttpContext http, JsonObject resource) =>
        ScimResource.Project(
            resource,
            http.Request.Query["attributes"].ToString(),
            http.Request.Query["excludedAttributes"].ToString()
        );

    private static IResult List(IReadOnlyList<JsonObject> all) =>
        Json(
            new JsonObject
            {
                ["schemas"] = new JsonArray(ScimName.ListResponse),
                ["totalResults"] = all.Count,
                ["startIndex"] = 1,
                ["itemsPerPage"] = all.Count,
                ["Resources"] = new JsonArray([.. all]),
            }
        );

    private static IResult One(IReadOnlyList<JsonObject> all, string id) =>
        all.FirstOrDefault(one => ScimName.Is((string)one["id"]!, id)) is { } found
            ? Json(found)
            : throw ScimException.Missing(id);

    private static IResult Json(JsonObject body, int status = StatusCodes.Status200OK) =>
        Results.Text(body.ToJsonString(), MediaType, statusCode: status);
}
