using System.Xml.Linq;
using Chancery.Contracts.Word.Reading;

namespace Chancery.Contracts.Word;

/// <summary>A Word file (.docx) as a contract. Safe for concurrent use; meant to run where a hostile file does no harm.</summary>
public static class ContractWordReader
{
    // Each author is a text of its own in what is returned.
    private const int MostAuthors = 50;

    /// <summary>
    /// Reads clauses by the marks of <see cref="ContractWordWriter"/> where the file has them, also after it was edited elsewhere; else
    /// by headings, lists and typed numbers.
    /// </summary>
    /// <param name="file">Must be seekable; stays open.</param>
    /// <exception cref="InvalidDataException">
    /// This is no Word file, or it is larger, deeper or otherwise more than is read; the message says which.
    /// </exception>
    public static ImportedContract Read(Stream file)
    {
        using var parts = new PackageParts(file);
        var name = parts.Document();
        var body =
            parts.Read(name)?.Element(Xml.W + "body")
            ?? throw new InvalidDataException("The file is not a Word document: its text is missing.");
        var styles = new StyleSheet(parts.Read(parts.Related(name, "/styles")));
        var lists = new Lists(parts.Read(parts.Related(name, "/numbering")), style => styles[style].Numbering);
        var source = SourceReader.Read(body, Notes(parts, name));
        var language = CoreLanguage(parts) ?? styles.Language ?? "en";
        var title = CoreTitle(parts);

        var isOurs = source.Exists(paragraph =>
            paragraph.BookmarkStarts.Exists(mark => ClauseBookmark.Read(mark) is not null)
        );
        var ids = new Dictionary<int, Guid>();
        var last = TextOf(_ => true);
        List<string> warnings = [.. last.Warnings];
        var authors = Authors(source);
        if (authors.Count > MostAuthors)
        {
            warnings.Add(
                $"The changes of {authors.Count} authors are taken together; at most {MostAuthors} are told apart."
            );
            authors = [];
        }

        List<ImportedRevision> steps = [];
        var first = last;
        if (authors.Count > 0)
        {
            first = TextOf(_ => false);
            steps.Add(new ImportedRevision(null, null, first.Contract));
            for (var i = 0; i < authors.Count; i++)
            {
                var applied = authors.Take(i + 1).Select(author => author.Author).ToHashSet();
                var text = i == authors.Count - 1 ? last.Contract : TextOf(applied.Contains).Contract;
                steps.Add(new ImportedRevision(authors[i].Author, authors[i].Date, text));
            }
        }

        var places = CommentPlaces(source);
        var comments = CommentReader.Read(
            parts.Read(parts.Related(name, "/comments")),
            parts.Read(parts.Related(name, "/commentsExtended")),
            id =>
                places.TryGetValue(id, out var at)
                    ? last.Owners.TryGetValue(at, out var now)
                        ? now
                        : first.Owners.TryGetValue(at, out var before)
                            ? before
                            : null
                    : null
        );
        return new ImportedContract(last.Contract, steps, comments, warnings) { Mark = FileMark.Read(parts) };

        ViewedContract TextOf(Func<string, bool> isApplied) =>
            ViewedContract.Read(View.Of(source, styles, lists, isApplied), lists, isOurs, ids, title, language);
    }

    /// <summary>Who changed something, in the order of their last change.</summary>
    private static List<Revision> Authors(List<SourceParagraph> source) =>
        [
            .. source
                .SelectMany(paragraph =>
                    paragraph
                        .Pieces.Select(piece => piece.Condition)
                        .Append(paragraph.End)
                        .SelectMany(condition => condition.Insertions.Concat(condition.Deletions))
                        .Concat(paragraph.PropertiesChange is { } change ? [change] : [])
                )
                .GroupBy(revision => revision.Author)
                .Select(group => new Revision(group.Key, group.Max(revision => revision.Date)))
                .OrderBy(author => author.Date ?? DateTimeOffset.MinValue)
                .ThenBy(author => author.Author, StringComparer.Ordinal),
        ];

    private static Dictionary<string, int> CommentPlaces(List<SourceParagraph> source)
    {
        var places = new Dictionary<string, int>();
        foreach (var paragraph in source)
        {
            foreach (var comment in paragraph.CommentStarts)
            {
                places.TryAdd(comment, paragraph.Index);
            }
        }

        return places;
    }

    private static Dictionary<(string Kind, string Id), string> Notes(PackageParts parts, string document)
    {
        var notes = new Dictionary<(string, string), string>();
        foreach (var kind in (string[])["footnote", "endnote"])
        {
            foreach (var note in parts.Read(parts.Related(document, $"/{kind}s"))?.Elements(Xml.W + kind) ?? [])
            {
                if ((string?)note.Attribute(Xml.W + "type") is null or "normal")
                {
                    notes.TryAdd(
                        (kind, (string?)note.Attribute(Xml.W + "id") ?? ""),
                        string.Join(' ', note.Elements(Xml.W + "p").Select(CommentReader.TextOf)).Trim()
                    );
                }
            }
        }

        return notes;
    }

    private static string? CoreLanguage(PackageParts parts) =>
        CoreProperty(parts, "language") is { Length: > 0 and < 36 } tag ? tag : null;

    private static string? CoreTitle(PackageParts parts) =>
        CoreProperty(parts, "title") is { Length: > 0 } title ? title : null;

    private static string? CoreProperty(PackageParts parts, string name) =>
        parts
            .Read(parts.Related("", "/core-properties"))
            ?.Element(XName.Get(name, "http://purl.org/dc/elements/1.1/"))
            ?.Value;
}
