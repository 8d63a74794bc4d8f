using System.Text.Json;
using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Library;

/// <summary>
/// Reads the shipped texts. A head of <c>name: value</c> lines, then clauses:
/// <code>
/// ## Heading {#key .type}          a clause; .unnumbered: without a number
/// Its own words, wrapped as you like; an empty line begins a new paragraph.
/// - {#key} words                   a clause below it without a heading
///   - words                        one below that
/// </code>
/// <c>{{name}}</c> is a variable, declared in the head as <c>variable: name | kind | default | label</c>;
/// <c>{{clause:key}}</c> the number of another clause; <c>{{party:1}}</c>, <c>{{role:1}}</c> ("the Customer"; <c>{{Role:1}}</c>
/// opens a sentence), <c>{{address:1}}</c>, <c>{{date}}</c> and <c>{{law}}</c> need no declaration. In a clause of the library, role 1 is
/// who orders, pays or employs, and role 2 who performs.
/// </summary>
internal static class TemplateReader
{
    /// <exception cref="FormatException">The text is not written so.</exception>
    public static ContractTemplate ReadTemplate(string id, string text)
    {
        var lines = text.Split('\n');
        var (head, next) = ReadHead(lines, 0);
        return new ContractTemplate(
            id,
            head.One("kind"),
            head.One("title"),
            head.One("language"),
            head.One("summary"),
            head.List("names"),
            head.List("roles"),
            head.Variables,
            ReadClauses(lines.AsSpan(next))
        );
    }

    /// <summary>The clauses of one file, each with a head of its own between <c>---</c> lines.</summary>
    /// <exception cref="FormatException">The text is not written so.</exception>
    public static IReadOnlyList<LibraryClause> ReadClauses(string text)
    {
        var clauses = new List<LibraryClause>();
        foreach (var part in text.Split("\n---\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = part.Trim('\n').Split('\n');
            var (head, next) = ReadHead(lines, 0);
            if (ReadClauses(lines.AsSpan(next)) is not [var content])
            {
                throw new FormatException($"“{head.One("id")}” is not one clause.");
            }

            clauses.Add(
                new LibraryClause(
                    head.One("id"),
                    content.Type ?? throw new FormatException($"“{head.One("id")}” has no type."),
                    head.One("language"),
                    head.One("note"),
                    head.List("names"),
                    head.Variables,
                    content
                )
            );
        }

        return clauses;
    }

    private static (Head Head, int Next) ReadHead(string[] lines, int from)
    {
        var head = new Head();
        var i = from;
        for (; i < lines.Length && !lines[i].StartsWith("##", StringComparison.Ordinal); i++)
        {
            if (lines[i].IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                head.Add(lines[i][..colon].Trim(), lines[i][(colon + 1)..].Trim());
            }
        }

        return (head, i);
    }

    private static IReadOnlyList<TemplateClause> ReadClauses(ReadOnlySpan<string> lines)
    {
        var top = new List<Draft>();
        var open = new Stack<Draft>();
        foreach (var line in lines)
        {
            var trimmed = line.Trim();
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                var (attributes, heading) = TakeAttributes(line[3..].Trim());
                open.Clear();
                open.Push(new Draft(-1, heading, attributes));
                top.Add(open.Peek());
            }
            else if (trimmed.StartsWith("- ", StringComparison.Ordinal))
            {
                var indent = line.IndexOf('-', StringComparison.Ordinal);
                while (open.Peek().Indent >= indent)
                {
                    open.Pop();
                }

                var (attributes, words) = TakeAttributes(trimmed[2..]);
                var below = new Draft(indent, "", attributes);
                below.Paragraphs.Add(words);
                open.Peek().Children.Add(below);
                open.Push(below);
            }
            else if (trimmed.Length == 0)
            {
                open.TryPeek(out var last);
                last?.Paragraphs.Add("");
            }
            else
            {
                open.Peek().Append(trimmed);
            }
        }

        return [.. top.Select(draft => draft.Finish())];
    }

    /// <summary>"{#key .type .unnumbered}" at either end of a line.</summary>
    private static (string[] Attributes, string Words) TakeAttributes(string line)
    {
        if (line.StartsWith("{#", StringComparison.Ordinal) || line.StartsWith("{.", StringComparison.Ordinal))
        {
            var end = line.IndexOf('}', StringComparison.Ordinal);
            return (line[1..end].Split(' '), line[(end + 1)..].Trim());
        }

        if (line.EndsWith('}') && !line.EndsWith("}}", StringComparison.Ordinal))
        {
            var start = line.LastIndexOf('{');
            return (line[(start + 1)..^1].Split(' '), line[..start].Trim());
        }

        return ([], line);
    }

    private sealed class Head
    {
        private readonly Dictionary<string, string> _values = [];

        public List<TemplateVariable> Variables { get; } = [];

        public void Add(string name, string value)
        {
            if (name != "variable")
            {
                _values.Add(name, value);
                return;
            }

            if (
                value.Split('|', StringSplitOptions.TrimEntries) is not [var variable, var kind, var initial, var label]
            )
            {
                throw new FormatException($"“{value}” is no variable: name | kind | default | label.");
            }

            Variables.Add(
                new TemplateVariable(
                    variable,
                    JsonSerializer.Deserialize<VariableKind>($"\"{kind}\""),
                    initial.Length == 0 ? null : initial,
                    label
                )
            );
        }

        public string One(string name) =>
            _values.TryGetValue(name, out var value) ? value : throw new FormatException($"The head lacks “{name}”.");

        public string[] List(string name) =>
            _values.TryGetValue(name, out var value)
                ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [];
    }

    private sealed class Draft(int indent, string heading, string[] attributes)
    {
        public int Indent => indent;

        /// <summary>An empty one says that the next line begins a paragraph.</summary>
        public List<string> Paragraphs { get; } = [];

        public List<Draft> Children { get; } = [];

        public void Append(string line)
        {
            if (Paragraphs is [.., { Length: > 0 } last])
            {
                Paragraphs[^1] = $"{last} {line}";
            }
            else
            {
                Paragraphs.Add(line);
            }
        }

        public TemplateClause Finish() =>
            new(
                attributes.FirstOrDefault(attribute => attribute.StartsWith('#'))?[1..],
                heading,
                string.Join('\n', Paragraphs.Where(paragraph => paragraph.Length > 0)),
                attributes.FirstOrDefault(attribute => attribute.StartsWith('.') && attribute != ".unnumbered")
                    is { } type
                    ? JsonSerializer.Deserialize<ClauseType>($"\"{type[1..]}\"")
                    : null,
                !attributes.Contains(".unnumbered")
            )
            {
                Children = [.. Children.Select(child => child.Finish())],
            };
    }
}
