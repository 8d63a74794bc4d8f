using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>Changes a resource as a PATCH says (RFC 7644, 3.5.2), in the shapes in which Entra and Okta send them, too.</summary>
/// <remarks>
/// Where a filter finds nothing to replace, a value that satisfies it is made, since that is what Entra means by it. A list of values
/// with <c>remove</c> takes those values out. A value that becomes the primary one is the only one.
/// </remarks>
internal static class ScimPatch
{
    private const int MostOperations = 1_000;

    /// <exception cref="ScimException">It cannot be applied; the resource may be changed in part, and is not to be stored.</exception>
    public static void Apply(JsonObject resource, JsonObject patch)
    {
        if (patch["Operations"] is not JsonArray { Count: > 0 and <= MostOperations } operations)
        {
            throw ScimException.Syntax("A PATCH has Operations.");
        }

        foreach (var operation in operations)
        {
            if (operation is not JsonObject one || Text(one["op"]) is not { } verb)
            {
                throw ScimException.Syntax("An operation is an object with an op.");
            }

            var before = PrimariesOf(resource).ToList();
            ApplyOne(resource, verb.ToLowerInvariant(), Text(one["path"]), one["value"]);
            foreach (var list in PrimariesOf(resource).GroupBy(item => item.Parent).Where(list => list.Count() > 1))
            {
                foreach (var former in list.Where(before.Contains))
                {
                    former["primary"] = false;
                }
            }
        }
    }

    /// <summary>Items of lists that say that they are the primary one.</summary>
    private static IEnumerable<JsonObject> PrimariesOf(JsonObject resource) =>
        resource
            .Select(member => member.Value)
            .OfType<JsonArray>()
            .SelectMany(list => list.OfType<JsonObject>())
            .Where(item => item["primary"] is JsonValue value && value.GetValueKind() == JsonValueKind.True);

    private static void ApplyOne(JsonObject resource, string verb, string? path, JsonNode? value)
    {
        if (verb is not ("add" or "replace" or "remove"))
        {
            throw ScimException.Syntax("An op is add, replace or remove.");
        }

        if (path is { Length: > 0 })
        {
            ApplyAt(resource, verb, ScimPath.Parse(path), value);
            return;
        }

        if (verb == "remove")
        {
            throw ScimException.NoTarget("remove takes a path.");
        }

        if (value is not JsonObject values)
        {
            throw ScimException.Value("Without a path the value is an object.");
        }

        // Entra sends paths as names: {"name.givenName": "Ina"}.
        foreach (var (name, given) in values.ToList())
        {
            if (!ScimName.Is(name, "schemas"))
            {
                ApplyAt(resource, verb, ScimPath.Parse(name), given);
            }
        }
    }

    private static void ApplyAt(JsonObject resource, string verb, ScimPath path, JsonNode? value)
    {
        var target = resource;
        foreach (var part in path.Parents)
        {
            if (target[part] is not JsonObject inner)
            {
                if (verb == "remove")
                {
                    return;
                }

                target[part] = inner = new JsonObject(ScimName.AnyCase);
            }

            target = inner;
        }

        if (path.Filter is null)
        {
            Change(target, verb, path.Attribute, value);
            return;
        }

        var list = target[path.Attribute] as JsonArray;
        var found = list?.OfType<JsonObject>().Where(path.Filter.Holds).ToList() ?? [];
        if (verb == "remove")
        {
            foreach (var item in found)
            {
                if (path.Sub is null)
                {
                    list!.Remove(item);
                }
                else
                {
                    item.Remove(path.Sub);
                }
            }

            if (list is { Count: 0 })
            {
                // An empty list is the same as not having it (RFC 7643, 2.5).
                target.Remove(path.Attribute);
            }

            return;
        }

        if (found.Count == 0)
        {
            var made = new JsonObject(ScimName.AnyCase);
            if (!Satisfy(path.Filter, made))
            {
                throw ScimException.NoTarget("The filter of the path finds nothing.");
            }

            if (list is null)
            {
                target[path.Attribute] = list = [];
            }

            list.Add(made);
            found.Add(made);
        }

        foreach (var item in found)
        {
            if (path.Sub is not null)
            {
                Change(item, verb, path.Sub, value);
            }
            else if (value is JsonObject members)
            {
                if (verb == "replace")
                {
                    // All of it, but for what the path itself says.
                    item.Clear();
                    Satisfy(path.Filter, item);
                }

                foreach (var (name, given) in members)
                {
                    item[name] = given?.DeepClone();
                }
            }
            else
            {
                throw ScimException.Value("The value for an item of a list is an object.");
            }
        }
    }

    private static void Change(JsonObject target, string verb, string name, JsonNode? value)
    {
        switch (verb)
        {
            case "remove" when value is JsonArray gone && target[name] is JsonArray list:
                foreach (var item in list.Where(item => gone.Any(one => IsSame(one, item))).ToList())
                {
                    list.Remove(item);
                }

                break;
            case "remove":
                target.Remove(name);
                break;
            case "add" when target[name] is JsonArray list:
                foreach (var item in value is JsonArray many ? many : [value?.DeepClone()])
                {
                    if (item is not null && !list.Any(known => IsSame(item, known)))
                    {
                        list.Add(item.DeepClone());
                    }
                }

                break;
            case "replace" or "add" when value is JsonObject given && target[name] is JsonObject known:
                foreach (var (part, one) in given)
                {
                    known[part] = one?.DeepClone();
                }

                break;
            default:
                // A null is the same as not having it (RFC 7643, 2.5).
                if (value is null)
                {
                    target.Remove(name);
                }
                else
                {
                    target[name] = value.DeepClone();
                }

                break;
        }
    }

    /// <summary>Two items of a list are the same where their values are.</summary>
    private static bool IsSame(JsonNode? first, JsonNode? second) =>
        first is JsonObject one && second is JsonObject two && one["value"] is { } a && two["value"] is { } b
            ? JsonNode.DeepEquals(a, b)
            : JsonNode.DeepEquals(first, second);

    /// <summary>Gives an object what a filter of equalities asks for.</summary>
    private static bool Satisfy(ScimFilter filter, JsonObject made)
    {
        switch (filter)
        {
            case ScimFilter.And both:
                return Satisfy(both.Left, made) && Satisfy(both.Right, made);
            case ScimFilter.Compare { Operator: "eq", Value: { } value, Path: var path }
                when !path.Contains('.', StringComparison.Ordinal):
                made[path] = value.DeepClone();
                return true;
            default:
                return false;
        }
    }

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}

/// <summary>Where a change goes: <c>name.givenName</c>, <c>members[value eq "…"]</c>, <c>emails[type eq "work"].value</c>.</summary>
/// <param name="Parents">The objects on the way.</param>
/// <param name="Sub">Of the items that the filter finds: the part that is meant.</param>
internal sealed record ScimPath(IReadOnlyList<string> Parents, string Attribute, ScimFilter? Filter, string? Sub)
{
    private const int LongestText = 1_000;

    /// <exception cref="ScimException">It is no path.</exception>
    public static ScimPath Parse(string text)
    {
        if (text.Length > LongestText)
        {
            throw ScimException.Path("The path is too long.");
        }

        var open = text.IndexOf('[', StringComparison.Ordinal);
        if (open < 0)
        {
            var parts = ScimName.PartsOf(text);
            return parts.All(IsName)
                ? new ScimPath([.. parts.Take(parts.Count - 1)], parts[^1], null, null)
                : throw ScimException.Path($"{text} is no path.");
        }

        var close = text.LastIndexOf(']');
        var before = ScimName.PartsOf(text[..open]);
        var after = close < 0 ? "" : text[(close + 1)..];
        if (close < open || !before.All(IsName) || (after.Length > 0 && (after[0] != '.' || !IsName(after[1..]))))
        {
            throw ScimException.Path($"{text} is no path.");
        }

        return new ScimPath(
            [.. before.Take(before.Count - 1)],
            before[^1],
            ScimFilter.Parse(text[(open + 1)..close]),
            after.Length > 0 ? after[1..] : null
        );
    }

    private static bool IsName(string part) =>
        part.Length > 0
        && (part == ScimName.Enterprise || part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$'));
}
