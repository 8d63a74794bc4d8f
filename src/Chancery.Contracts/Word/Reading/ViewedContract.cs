namespace Chancery.Contracts.Word.Reading;

/// <summary>One view of a file as a contract.</summary>
/// <param name="Owners">Which clause the stored paragraphs belong to.</param>
internal sealed record ViewedContract(
    ContractText Contract,
    IReadOnlyDictionary<int, Guid> Owners,
    IReadOnlyList<string> Warnings
)
{
    private const int LongestTitle = 150;

    public static ViewedContract Read(
        List<ViewedParagraph> paragraphs,
        Lists lists,
        bool isOurs,
        Dictionary<int, Guid> ids,
        string? title,
        string language
    )
    {
        var head = new HeadReader();
        var tree = new ClauseTreeReader(isOurs, ids);
        foreach (var paragraph in paragraphs)
        {
            if (paragraph.Clauses.Count > 0 || !head.Take(paragraph))
            {
                tree.Add(paragraph);
            }
        }

        var found = head.Title;
        List<ViewedParagraph> preamble =
        [
            .. tree.Preamble.Where(paragraph => !string.IsNullOrWhiteSpace(paragraph.Text)),
        ];
        if (found is null && !isOurs && preamble is [var first, ..] && first.Text.Trim().Length <= LongestTitle)
        {
            found = first.Text.Trim().ReplaceLineEndings(" ");
            preamble.RemoveAt(0);
        }

        tree.AddPreamble(preamble);
        return Resolve(
            new ContractText
            {
                Title = found ?? title ?? "",
                Parties = head.Parties,
                EffectiveDate = head.EffectiveDate,
                EndDate = head.EndDate,
                GoverningLaw = head.GoverningLaw,
                Language = language,
                Numbering =
                    (isOurs ? OwnScheme.Find(lists, paragraphs) : null)
                    ?? tree.Scheme.Scheme()
                    ?? NumberingScheme.Sections,
            },
            tree
        );
    }

    private static ViewedContract Resolve(ContractText head, ClauseTreeReader tree)
    {
        var shown = head with { Clauses = [.. tree.Roots.Select(root => root.ToClause(AsShown))] };
        var numbers = ClauseNumbers.Of(shown);
        var contract = head with { Clauses = [.. tree.Roots.Select(root => root.ToClause(AsReference))] };
        return new ViewedContract(contract, tree.Owners, [.. Differences(tree, shown, numbers)]);

        string AsShown(string text) => OpenReferences.Resolve(text, (_, words) => words);

        string AsReference(string text) =>
            OpenReferences.Resolve(text, (link, words) => Reference(tree, numbers, tree.Links[link], words));
    }

    private static string Reference(ClauseTreeReader tree, ClauseNumbers numbers, SourceLink link, string words)
    {
        if (ClauseBookmark.Read(link.Bookmark) is { } own)
        {
            return ClauseReference.To(own);
        }

        // Of others, a number that stays what it was: "Section 4.2" keeps its word.
        return
            link.ShowsNumber
            && tree.Bookmarks.TryGetValue(link.Bookmark, out var clause)
            && numbers.LabelOf(clause).Length > 0
            && numbers.ReferenceOf(clause) is { } number
            && words.TrimEnd('.').EndsWith(number, StringComparison.Ordinal)
            ? words.TrimEnd('.')[..^number.Length] + ClauseReference.To(clause)
            : words;
    }

    private static IEnumerable<string> Differences(ClauseTreeReader tree, ContractText contract, ClauseNumbers numbers)
    {
        var labels = new Dictionary<Guid, string>();
        Collect(tree.Roots);
        var changed = contract
            .Walk()
            .Select(placed =>
                (
                    placed.Clause,
                    Was: labels.GetValueOrDefault(placed.Clause.Id, ""),
                    Is: numbers.LabelOf(placed.Clause.Id)
                )
            )
            .Where(label => label.Clause.IsNumbered && label.Was != label.Is)
            .ToList();
        if (changed.Count > 0)
        {
            var (_, was, now) = changed[0];
            yield return $"{changed.Count} of {labels.Count} clauses are numbered otherwise than in the file, the first \"{now}\" for \"{was}\".";
        }

        void Collect(IEnumerable<ClauseNode> nodes)
        {
            foreach (var node in nodes)
            {
                labels.TryAdd(node.Id, node.Label);
                Collect(node.Children);
            }
        }
    }
}
