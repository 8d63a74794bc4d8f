using System.Xml.Linq;

namespace Chancery.Contracts.Word.Reading;

/// <summary>Reads the comments of a file, their replies under them.</summary>
internal static class CommentReader
{
    public static IReadOnlyList<WordComment> Read(XElement? comments, XElement? extended, Func<string, Guid?> clauseOf)
    {
        if (comments is null)
        {
            return [];
        }

        var threads = new Dictionary<string, (string? Parent, bool IsDone)>();
        foreach (var entry in extended?.Elements(Xml.W15 + "commentEx") ?? [])
        {
            threads.TryAdd(
                (string?)entry.Attribute(Xml.W15 + "paraId") ?? "",
                (
                    (string?)entry.Attribute(Xml.W15 + "paraIdParent"),
                    (string?)entry.Attribute(Xml.W15 + "done") is "1" or "true"
                )
            );
        }

        var byParagraph = new Dictionary<string, int>();
        List<(WordComment Comment, List<WordReply> Replies)> read = [];
        foreach (var element in comments.Elements(Xml.W + "comment"))
        {
            var revision = SourceReader.RevisionOf(element);
            var paragraphs = element.Elements(Xml.W + "p").ToList();
            var text = string.Join('\n', paragraphs.Select(TextOf)).Trim();
            var id = (string?)paragraphs.LastOrDefault()?.Attribute(Xml.W14 + "paraId");
            var thread = id is not null && threads.TryGetValue(id, out var known) ? known : default;
            if (thread.Parent is { } parent && byParagraph.TryGetValue(parent, out var first))
            {
                read[first].Replies.Add(new WordReply(revision.Author, revision.Date, text));
                byParagraph.TryAdd(id!, first);
                continue;
            }

            List<WordReply> replies = [];
            read.Add(
                (
                    new WordComment(
                        clauseOf((string?)element.Attribute(Xml.W + "id") ?? ""),
                        revision.Author,
                        revision.Date,
                        text,
                        replies,
                        thread.IsDone
                    ),
                    replies
                )
            );
            if (id is not null)
            {
                byParagraph.TryAdd(id, read.Count - 1);
            }
        }

        return [.. read.Select(thread => thread.Comment)];
    }

    internal static string TextOf(XElement paragraph) =>
        string.Concat(
            paragraph
                .Descendants()
                .Where(element => element.Name.Namespace == Xml.W)
                .Select(element =>
                    element.Name.LocalName switch
                    {
                        "t" => element.Value,
                        "tab" when element.Parent?.Name.LocalName == "r" => "\t",
                        "br" => "\n",
                        _ => "",
                    }
                )
        );
}
