using System.Globalization;

namespace Chancery.Documents;

/// <summary>Footnotes, endnotes and comments, by the references to them.</summary>
internal sealed class WordNotes
{
    private readonly Dictionary<(string Reference, string Id), XmlNode> _notes = [];
    private readonly Dictionary<string, int> _counts = [];

    public WordNotes(OfficePackage package, string part)
    {
        Add("w:footnoteReference", "w:footnote", package.LoadRelated(part, "footnotes"));
        Add("w:endnoteReference", "w:endnote", package.LoadRelated(part, "endnotes"));
        Add("w:commentReference", "w:comment", package.LoadRelated(part, "comments"));
    }

    /// <summary>Its place and its content, once; null where there is none, or where it was told before.</summary>
    public (string Place, IEnumerable<XmlNode> Body)? Find(string reference, string? id)
    {
        if (id is null || !_notes.Remove((reference, id), out var note))
        {
            return null;
        }

        var number = _counts[reference] = _counts.GetValueOrDefault(reference) + 1;
        var author = BlockWriter.OneLine(note["author"] ?? "");
        var place = reference switch
        {
            "w:footnoteReference" => string.Create(CultureInfo.InvariantCulture, $"Footnote {number}"),
            "w:endnoteReference" => string.Create(CultureInfo.InvariantCulture, $"Endnote {number}"),
            _ when author.Length is > 0 and < 100 => string.Create(
                CultureInfo.InvariantCulture,
                $"Comment {number} by {author}"
            ),
            _ => string.Create(CultureInfo.InvariantCulture, $"Comment {number}"),
        };
        return (place, note.Children);
    }

    private void Add(string reference, string element, XmlNode? root)
    {
        foreach (var note in root?.All(element) ?? [])
        {
            // The lines that separate notes from the text are kept as notes, too.
            if (note["id"] is { } id && note["type"] is null or "normal")
            {
                _notes.TryAdd((reference, id), note);
            }
        }
    }
}
