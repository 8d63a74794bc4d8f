using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>How rows become resources of SCIM, and what of a resource is kept.</summary>
internal static class ScimResource
{
    /// <summary>Of one user; a photo's address fits, a photo does not.</summary>
    private const int LongestAttributes = 32 * 1024;

    // What RFC 7643, 4.1 names, beside what has a place of its own here.
    private static readonly string[] Kept =
    [
        "name",
        "displayName",
        "nickName",
        "profileUrl",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "emails",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        "entitlements",
        "roles",
        "x509Certificates",
        ScimName.Enterprise,
    ];

    public static JsonObject OfUser(ScimUserRow row, IEnumerable<(Guid Id, string Name)> groups, string root)
    {
        var user = new JsonObject(ScimName.AnyCase)
        {
            ["schemas"] = new JsonArray(ScimName.User),
            ["id"] = row.UserId.ToString(),
        };
        if (row.ExternalId is { } external)
        {
            user["externalId"] = external;
        }

        user["userName"] = row.UserName ?? row.Email;
        var kept = row.Attributes is { } text ? (JsonObject)JsonNode.Parse(text, ScimName.AnyCase)! : [];
        foreach (var (name, value) in kept.ToList())
        {
            user[name] = value?.DeepClone();
        }

        if (kept.ContainsKey(ScimName.Enterprise))
        {
            ((JsonArray)user["schemas"]!).Add(ScimName.Enterprise);
        }

        user["displayName"] ??= row.Name;
        user["emails"] ??= new JsonArray(
            new JsonObject
            {
                ["value"] = row.Email,
                ["type"] = "work",
                ["primary"] = true,
            }
        );
        user["active"] = row.Status == "active";
        var inGroups = groups
            .Select(group =>
                (JsonNode)
                    new JsonObject
                    {
                        ["value"] = group.Id.ToString(),
                        ["$ref"] = $"{root}/Groups/{group.Id}",
                        ["display"] = group.Name,
                        ["type"] = "direct",
                    }
            )
            .ToArray();
        if (inGroups.Length > 0)
        {
            user["groups"] = new JsonArray(inGroups);
        }

        return WithMeta(user, "User", $"{root}/Users/{row.UserId}", row.CreatedAt, row.UpdatedAt);
    }

    public static JsonObject OfGroup(ScimGroupRow row, IEnumerable<(Guid Id, string Name)> members, string root)
    {
        var group = new JsonObject(ScimName.AnyCase)
        {
            ["schemas"] = new JsonArray(ScimName.Group),
            ["id"] = row.GroupId.ToString(),
        };
        if (row.ExternalId is { } external)
        {
            group["externalId"] = external;
        }

        group["displayName"] = row.Name;
        group["members"] = new JsonArray([
            .. members.Select(member =>
                (JsonNode)
                    new JsonObject
                    {
                        ["value"] = member.Id.ToString(),
                        ["$ref"] = $"{root}/Users/{member.Id}",
                        ["display"] = member.Name,
                        ["type"] = "User",
                    }
            ),
        ]);
        return WithMeta(group, "Group", $"{root}/Groups/{row.GroupId}", row.CreatedAt, row.UpdatedAt);
    }

    /// <summary>The version of a resource, which changes with everything in it but itself.</summary>
    public static string VersionOf(JsonObject resource) => (string)resource["meta"]!["version"]!;

    /// <summary>What is kept of a user as it stands, beside what has a column.</summary>
    /// <exception cref="ScimException">It is too much.</exception>
    public static string AttributesOf(JsonObject user)
    {
        var kept = new JsonObject();
        foreach (var name in Kept)
        {
            // An empty list is the same as not having it (RFC 7643, 2.5).
            if (user[name] is { } value and not JsonArray { Count: 0 })
            {
                kept[name] = value.DeepClone();
            }
        }

        var text = kept.ToJsonString();
        return text.Length <= LongestAttributes && !text.Contains("\\u0000", StringComparison.Ordinal)
            ? text
            : throw ScimException.Value("The user's attributes are too long, or hold a NUL character.");
    }

    /// <summary>A text; null where it is not there.</summary>
    /// <exception cref="ScimException">It is something else, or too long.</exception>
    public static string? TextOf(JsonObject resource, string name, int most = 255) =>
        resource[name] switch
        {
            null => null,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() is var text
            && text.Length <= most
            && !text.Any(char.IsControl)
                ? text
                : throw ScimException.Value($"{name} is too long, or holds control characters."),
            _ => throw ScimException.Value($"{name} is text."),
        };

    /// <summary>True where it is not said. Entra says <c>"False"</c>.</summary>
    /// <exception cref="ScimException">It is neither.</exception>
    public static bool IsActive(JsonObject user) =>
        user["active"] switch
        {
            null => true,
            JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False =>
                value.GetValue<bool>(),
            JsonValue value
                when value.GetValueKind() == JsonValueKind.String
                    && bool.TryParse(value.GetValue<string>(), out var active) => active,
            _ => throw ScimException.Value("active is true or false."),
        };

    /// <summary>The e-mail address by which the user signs in: the primary one, the first, or the user name.</summary>
    public static string? EmailOf(JsonObject user)
    {
        var addresses = user["emails"] is JsonArray list ? list.OfType<JsonObject>().ToList() : [];
        var chosen =
            addresses.FirstOrDefault(one =>
                one["primary"] is JsonValue value && ScimName.Is(value.ToJsonString().Trim('"'), "true")
            ) ?? addresses.FirstOrDefault();
        return EmailAddress.Normalize(
            (chosen is null ? null : TextOf(chosen, "value")) ?? TextOf(user, "userName") ?? ""
        );
    }

    /// <summary>What the user is called: as displayed, formatted, or given and family name.</summary>
    public static string? NameOf(JsonObject user)
    {
        if (TextOf(user, "displayName") is { Length: > 0 } shown)
        {
            return Short(shown);
        }

        if (user["name"] is not JsonObject name)
        {
            return null;
        }

        var parts = $"{TextOf(name, "givenName")} {TextOf(name, "familyName")}".Trim();
        return (TextOf(name, "formatted") ?? parts) is { Length: > 0 } found ? Short(found) : null;
    }

    /// <summary>The strongest of our roles that the user's <c>roles</c> name; null where they name none.</summary>
    public static string? RoleOf(JsonObject user) =>
        (user["roles"] as JsonArray)
            ?.Select(one =>
                one is JsonObject inner ? TextOf(inner, "value")
                : one is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>()
                : null
            )
            .Select(word => word?.ToLowerInvariant())
            .Where(word => word is Role.Admin or Role.Editor or Role.Viewer)
            .Aggregate((string?)null, (best, role) => best is null || !Role.IsAtMost(role!, best) ? role : best);

    /// <summary>Without what a request leaves out, or with only what it asks for (RFC 7644, 3.9).</summary>
    public static JsonObject Project(JsonObject resource, string? attributes, string? excluded)
    {
        if (Words(attributes) is { Count: > 0 } only)
        {
            var shown = new JsonObject(ScimName.AnyCase);
            foreach (var (name, value) in resource.ToList())
            {
                if (
                    ScimName.Is(name, "schemas")
                    || ScimName.Is(name, "id")
                    || ScimName.Is(name, "meta")
                    || only.Contains(name)
                )
                {
                    shown[name] = value?.DeepClone();
                }
            }

            return shown;
        }

        foreach (var name in Words(excluded).Where(name => !ScimName.Is(name, "id") && !ScimName.Is(name, "schemas")))
        {
            resource.Remove(name);
        }

        return resource;
    }

    private static HashSet<string> Words(string? list) =>
        (list ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(path => ScimName.PartsOf(path)[0])
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static string Short(string text) => text.Length > 200 ? text[..200] : text;

    private static JsonObject WithMeta(
        JsonObject resource,
        string type,
        string location,
        DateTimeOffset created,
        DateTimeOffset changed
    )
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(resource.ToJsonString()));
        resource["meta"] = new JsonObject
        {
            ["resourceType"] = type,
            ["created"] = Time(created),
            ["lastModified"] = Time(changed),
            ["location"] = location,
            ["version"] = $"W/\"{Convert.ToHexStringLower(hash.AsSpan(0, 12))}\"",
        };
        return resource;
    }

    private static string Time(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>A member of the organisation, with what its directory says of them.</summary>
internal sealed record ScimUserRow
{
    public required Guid UserId { get; init; }
    public required string Email { get; init; }
    public required string Name { get; init; }
    public required string Role { get; init; }
    public required string Status { get; init; }

    /// <summary>Null for a member whom the directory has said nothing of.</summary>
    public string? UserName { get; init; }
    public string? ExternalId { get; init; }
    public string? Attributes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

internal sealed record ScimGroupRow
{
    public required Guid GroupId { get; init; }
    public required string Name { get; init; }
    public string? ExternalId { get; init; }
    public string? Role { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}
