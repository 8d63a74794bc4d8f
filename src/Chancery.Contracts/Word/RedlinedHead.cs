using Chancery.Contracts.Comparing;

namespace Chancery.Contracts.Word;

/// <summary>What stands before the clauses, with what changed in it.</summary>
internal static class RedlinedHead
{
    public static IEnumerable<TrackedParagraph> Of(ContractLayout from, ContractLayout to)
    {
        var before = from.Details.ToDictionary(detail => detail.Key, detail => detail.Paragraph);
        var after = to.Details.ToDictionary(detail => detail.Key, detail => detail.Paragraph);
        return
        [
            .. Tracked(from.Title, to.Title),
            .. ContractLayout.DetailKeys.SelectMany(key =>
                Tracked(before.GetValueOrDefault(key), after.GetValueOrDefault(key))
            ),
            .. Tracked(from.PartiesHeading, to.PartiesHeading),
            .. Parties([.. from.Parties], [.. to.Parties]),
        ];
    }

    /// <summary>Who kept their name is the same party; between those, they are paired in their order.</summary>
    private static List<TrackedParagraph> Parties(LaidOutParagraph[] from, LaidOutParagraph[] to)
    {
        var names = new Dictionary<string, int>();
        var (keptFrom, keptTo) = SequenceDiff.Kept(Number(from), Number(to));
        List<TrackedParagraph> tracked = [];
        int i = 0,
            j = 0;
        while (i < from.Length || j < to.Length)
        {
            var isPair = i < from.Length && j < to.Length && keptFrom[i] == keptTo[j];
            var was = isPair || (i < from.Length && !keptFrom[i]) ? from[i++] : null;
            var now = isPair || (was is null && j < to.Length) ? to[j++] : null;
            tracked.AddRange(Tracked(was, now));
        }

        return tracked;

        int[] Number(LaidOutParagraph[] parties) =>
            [
                .. parties.Select(party =>
                {
                    var name = party.Text.Slice(0, party.Text.Text.Length).FirstOrDefault().Text ?? "";
                    names.TryAdd(name, names.Count);
                    return names[name];
                }),
            ];
    }

    private static List<TrackedParagraph> Tracked(LaidOutParagraph? from, LaidOutParagraph? to) =>
        (from, to) switch
        {
            ({ } was, { } now) => TrackedText.Between([was], [now]),
            ({ } was, null) => [TrackedParagraph.Whole(was, Change.Deleted)],
            (null, { } now) => [TrackedParagraph.Whole(now, Change.Inserted)],
            _ => [],
        };
}
