using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>A filter of SCIM (RFC 7644, 3.4.2.2).</summary>
/// <example><c>userName eq "bjensen" and (emails[type eq "work" and value co "@example.com"] or not (title pr))</c></example>
internal abstract record ScimFilter
{
    private const int LongestText = 2_000;
    private const int MostDepth = 20;

    private ScimFilter() { }

    public sealed record And(ScimFilter Left, ScimFilter Right) : ScimFilter;

    public sealed record Or(ScimFilter Left, ScimFilter Right) : ScimFilter;

    public sealed record Not(ScimFilter Inner) : ScimFilter;

    /// <param name="Value">Null for the JSON null, and for <c>pr</c>.</param>
    public sealed record Compare(string Path, string Operator, JsonValue? Value) : ScimFilter;

    /// <summary>Some value of an attribute of several satisfies a filter, and perhaps a comparison of a part of it.</summary>
    public sealed record Some(string Path, ScimFilter Inner) : ScimFilter;

    /// <exception cref="ScimException">It is no filter.</exception>
    public static ScimFilter Parse(string text)
    {
        if (text.Length > LongestText)
        {
            throw ScimException.Filter($"A filter has at most {LongestText} characters.");
        }

        var reader = new Reader(text);
        var filter = reader.ReadOr(0);
        reader.End();
        return filter;
    }

    public bool Holds(JsonObject resource) =>
        this switch
        {
            And both => both.Left.Holds(resource) && both.Right.Holds(resource),
            Or either => either.Left.Holds(resource) || either.Right.Holds(resource),
            Not not => !not.Inner.Holds(resource),
            Some some => ItemsOf(resource, some.Path).OfType<JsonObject>().Any(some.Inner.Holds),
            Compare compare => compare.Judge(resource),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled filter {this}."),
        };

    /// <summary>What stands at a path, the items of lists one by one.</summary>
    internal static IEnumerable<JsonNode> ItemsOf(JsonObject resource, string path)
    {
        IEnumerable<JsonNode> found = [resource];
        foreach (var part in ScimName.PartsOf(path))
        {
            found = found.SelectMany(node =>
                node is JsonObject inner && inner.TryGetPropertyValue(part, out var value) && value is not null
                    ? value is JsonArray list
                        ? list.OfType<JsonNode>()
                        : [value]
                    : []
            );
        }

        return found;
    }

    internal static bool IsOne(Compare compare, JsonNode node)
    {
        // Of an object with a value, such as one of several e-mail addresses, that is meant (RFC 7644, 3.4.2.2).
        if (node is JsonObject inner)
        {
            return inner.TryGetPropertyValue("value", out var value) && value is not null && IsOne(compare, value);
        }

        if (node is not JsonValue one || compare.Value is not { } wanted)
        {
            return false;
        }

        if (one.GetValueKind() == JsonValueKind.String)
        {
            if (wanted.GetValueKind() != JsonValueKind.String)
            {
                // Entra sends what is true or false as text, and the other way round.
                return compare.Operator == "eq" && ScimName.Is(one.GetValue<string>(), wanted.ToJsonString());
            }

            return Texts(compare, one.GetValue<string>(), wanted.GetValue<string>());
        }

        if (one.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            var text =
                wanted.GetValueKind() == JsonValueKind.String ? wanted.GetValue<string>() : wanted.ToJsonString();
            return compare.Operator == "eq"
                ? ScimName.Is(one.ToJsonString(), text)
                : compare.Operator == "ne" && !ScimName.Is(one.ToJsonString(), text);
        }

        return double.TryParse(one.ToJsonString(), CultureInfo.InvariantCulture, out var number)
            && double.TryParse(wanted.ToJsonString().Trim('"'), CultureInfo.InvariantCulture, out var other)
            && Orders(compare.Operator, number.CompareTo(other));
    }

    private static bool Texts(Compare compare, string have, string want)
    {
        var last = ScimName.PartsOf(compare.Path)[^1];
        var how =
            ScimName.Is(last, "id") || ScimName.Is(last, "externalId")
                ? StringComparison.Ordinal
                : StringComparison.OrdinalIgnoreCase;
        return compare.Operator switch
        {
            "co" => have.Contains(want, how),
            "sw" => have.StartsWith(want, how),
            "ew" => have.EndsWith(want, how),
            var other
                when DateTimeOffset.TryParse(have, CultureInfo.InvariantCulture, out var at)
                    && DateTimeOffset.TryParse(want, CultureInfo.InvariantCulture, out var then)
                    && compare.Path.StartsWith("meta.", StringComparison.OrdinalIgnoreCase) => Orders(
                other,
                at.CompareTo(then)
            ),
            var other => Orders(other, string.Compare(have, want, how)),
        };
    }

    private static bool Orders(string @operator, int order) =>
        @operator switch
        {
            "eq" => order == 0,
            "ne" => order != 0,
            "gt" => order > 0,
            "ge" => order >= 0,
            "lt" => order < 0,
            "le" => order <= 0,
            _ => false,
        };

    private sealed class Reader(string text)
    {
        private static readonly string[] Operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];

        private int _at;

        public ScimFilter ReadOr(int depth)
        {
            var left = ReadAnd(depth);
            while (TakeWord("or"))
            {
                left = new Or(left, ReadAnd(depth));
            }

            return left;
        }

        public void End()
        {
            SkipSpace();
            if (_at < text.Length)
            {
                throw Bad();
            }
        }

        private ScimFilter ReadAnd(int depth)
        {
            var left = ReadOne(depth);
            while (TakeWord("and"))
            {
                left = new And(left, ReadOne(depth));
            }

            return left;
        }

        private ScimFilter ReadOne(int depth)
        {
            if (depth > MostDepth)
            {
                throw ScimException.Filter("The filter is nested too deeply.");
            }

            if (TakeWord("not"))
            {
                Expect('(');
                var inner = ReadOr(depth + 1);
                Expect(')');
                return new Not(inner);
            }

            if (Take('('))
            {
                var inner = ReadOr(depth + 1);
                Expect(')');
                return inner;
            }

            var path = ReadPath();
            if (Take('['))
            {
                var inner = ReadOr(depth + 1);
                Expect(']');
                // emails[type eq "work"].value eq "…", as Entra writes it.
                return Take('.') ? new Some(path, new And(inner, ReadCompare(ReadPath()))) : new Some(path, inner);
            }

            return ReadCompare(path);
        }

        private Compare ReadCompare(string path)
        {
            if (TakeWord("pr"))
            {
                return new Compare(path, "pr", null);
            }

            var found =
                Array.Find(Operators, TakeWord)
                ?? throw ScimException.Filter($"No operator after {path} in the filter.");
            return new Compare(path, found, ReadValue());
        }

        private string ReadPath()
        {
            SkipSpace();
            var start = _at;
            while (
                _at < text.Length
                && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '.' or ':' or '-' or '_' or '$')
            )
            {
                _at++;
            }

            return _at > start && char.IsAsciiLetter(text[start]) ? text[start.._at] : throw Bad();
        }

        private JsonValue? ReadValue()
        {
            SkipSpace();
            var start = _at;
            if (_at < text.Length && text[_at] == '"')
            {
                do
                {
                    _at += text[_at] == '\\' ? 2 : 1;
                } while (_at < text.Length && text[_at] != '"');
                _at = Math.Min(_at + 1, text.Length);
            }
            else
            {
                while (_at < text.Length && text[_at] is not (' ' or ')' or ']'))
                {
                    _at++;
                }
            }

            try
            {
                // Entra writes True and False.
                var word = text[start.._at];
                var json = word is "True" or "False" ? word.ToLowerInvariant() : word;
                return JsonNode.Parse(Encoding.UTF8.GetBytes(json)) switch
                {
                    null => null,
                    JsonValue value => value,
                    _ => throw Bad(),
                };
            }
            catch (JsonException)
            {
                throw Bad();
            }
        }

        private bool TakeWord(string word)
        {
            SkipSpace();
            var end = _at + word.Length;
            if (
                end > text.Length
                || !text.AsSpan(_at, word.Length).Equals(word, StringComparison.OrdinalIgnoreCase)
                || (end < text.Length && text[end] is not (' ' or '(' or ')' or ']'))
            )
            {
                return false;
            }

            _at = end;
            return true;
        }

        private bool Take(char sign)
        {
            // A bracket and a dot stand at the name itself.
            if (sign is '(' or ')' or ']')
            {
                SkipSpace();
            }

            if (_at < text.Length && text[_at] == sign)
            {
                _at++;
                return true;
            }

            return false;
        }

        private void Expect(char sign)
        {
            if (!Take(sign))
            {
                throw Bad();
            }
        }

        private void SkipSpace()
        {
            while (_at < text.Length && text[_at] == ' ')
            {
                _at++;
            }
        }

        private ScimException Bad() => ScimException.Filter($"The filter cannot be read at character {_at + 1}.");
    }
}

/// <summary>Comparisons.</summary>
internal static class ScimComparison
{
    /// <summary>Whether some value at the path satisfies it; what is not there equals null.</summary>
    public static bool Judge(this ScimFilter.Compare compare, JsonObject resource)
    {
        var found = ScimFilter.ItemsOf(resource, compare.Path).ToList();
        return compare.Operator switch
        {
            "pr" => found.Any(node => node is not JsonObject { Count: 0 } && node.ToJsonString() is not "\"\""),
            "eq" when compare.Value is null => found.Count == 0,
            "ne" when compare.Value is null => found.Count > 0,
            "ne" => !found.Any(node => ScimFilter.IsOne(compare with { Operator = "eq" }, node)),
            _ => found.Any(node => ScimFilter.IsOne(compare, node)),
        };
    }
}
