using System.Text;

namespace Chancery.Contracts.Word.Reading;

/// <summary>A clause while its file is read.</summary>
internal sealed class ClauseNode(Guid id)
{
    public Guid Id { get; } = id;

    public string Heading { get; set; } = "";

    public List<string> Lines { get; } = [];

    public bool IsNumbered { get; set; }

    /// <summary>What the file shows before it.</summary>
    public string Label { get; set; } = "";

    public List<ClauseNode> Children { get; } = [];

    /// <summary>What it counts among, and where there: a heading in a list counts among both.</summary>
    public List<(string Scope, int Level)> Places { get; } = [];

    /// <summary>The number of a typed label.</summary>
    public int Value { get; set; }

    public Clause ToClause(Func<string, string> write) =>
        new(Id)
        {
            Heading = write(Heading),
            Text = write(string.Join('\n', Lines)),
            IsNumbered = IsNumbered,
            Children = [.. Children.Select(child => child.ToClause(write))],
        };
}

/// <summary>Words in which what names another clause is still open: between marks that no file can have.</summary>
internal static class OpenReferences
{
    private const char Begin = '\u0001';
    private const char Middle = '\u0002';
    private const char End = '\u0003';

    /// <summary>Pieces as words; <paramref name="links"/> takes what they point to.</summary>
    public static string Write(IEnumerable<SourcePiece> pieces, List<SourceLink> links)
    {
        var text = new StringBuilder();
        SourceLink? open = null;
        foreach (var piece in pieces)
        {
            if (!ReferenceEquals(piece.Link, open))
            {
                Close();
                if (piece.Link is { } link)
                {
                    links.Add(link);
                    text.Append(Begin).Append(links.Count - 1).Append(Middle);
                }

                open = piece.Link;
            }

            text.Append(piece.Text);
        }

        Close();
        return text.ToString();

        void Close()
        {
            if (open is not null)
            {
                text.Append(End);
            }
        }
    }

    /// <summary>The words with every open reference as <paramref name="resolve"/> says, from its number and what it shows.</summary>
    public static string Resolve(string text, Func<int, string, string> resolve)
    {
        if (!text.Contains(Begin, StringComparison.Ordinal))
        {
            return text;
        }

        var resolved = new StringBuilder();
        var at = 0;
        while (text.IndexOf(Begin, at) is >= 0 and var begin)
        {
            var middle = text.IndexOf(Middle, begin);
            var end = text.IndexOf(End, middle);
            resolved
                .Append(text, at, begin - at)
                .Append(
                    resolve(
                        int.Parse(
                            text.AsSpan(begin + 1, middle - begin - 1),
                            System.Globalization.CultureInfo.InvariantCulture
                        ),
                        text[(middle + 1)..end]
                    )
                );
            at = end + 1;
        }

        return resolved.Append(text, at, text.Length - at).ToString();
    }
}
