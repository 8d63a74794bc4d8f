using System.Collections.Frozen;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>A contract as a Word file (.docx): the same contract and options give the same bytes. Safe for concurrent use.</summary>
public static class ContractWordWriter
{
    /// <summary>
    /// Writes the whole file. Numbers are Word's own and count on when somebody edits; references to clauses are fields. Each clause
    /// is in a hidden bookmark by its id, so that <see cref="ContractWordReader"/> finds it again.
    /// </summary>
    /// <param name="output">Need not be seekable; stays open.</param>
    public static void Write(ContractText contract, WordOptions options, Stream output)
    {
        var numbering = new WordNumbering(contract.Numbering);
        var layout = new ContractLayout(contract, numbering);
        var comments = new WordCommentParts(options.Comments, layout.Has);
        var body = new WordBody(null, layout, FrozenSet<Guid>.Empty, "", default);
        var file = new WordFile(contract, numbering, comments, options.Paper)
        {
            Author = options.Author,
            Created = options.Created,
            Mark = options.Mark,
        };

        IEnumerable<XElement> contents = options.TableOfContents
            ? WordContents.Write(contract, layout, options.Paper)
            : [];
        file.Write(
            [
                .. Head(layout)
                    .Select(paragraph => TrackedParagraph.Whole(paragraph, Change.Kept))
                    .SelectMany(body.Write),
                .. contents,
                .. Clauses(layout, comments).SelectMany(body.Write),
            ],
            output
        );
    }

    private static IEnumerable<TrackedParagraph> Clauses(ContractLayout layout, WordCommentParts comments)
    {
        foreach (var id in layout.Order)
        {
            foreach (var paragraph in ClauseParagraphs.Whole(id, layout[id], Change.Kept, isLeft: false, comments))
            {
                yield return paragraph;
            }
        }

        yield return TrackedParagraph.Whole(ContractLayout.End, Change.Kept);
    }

    private static IEnumerable<LaidOutParagraph> Head(ContractLayout layout) =>
        [
            layout.Title,
            .. layout.Details.Select(detail => detail.Paragraph),
            .. layout.PartiesHeading is { } heading ? [heading] : Array.Empty<LaidOutParagraph>(),
            .. layout.Parties,
        ];
}
