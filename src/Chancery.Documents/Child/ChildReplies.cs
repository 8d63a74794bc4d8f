namespace Chancery.Documents;

/// <summary>What a child says, looked at before it is passed on. Believes nothing: a document may have taken over the child.</summary>
internal static class ChildReplies
{
    private const int MaxPlaceLength = 200;
    private const int MaxFieldLength = 1000;

    /// <param name="next">The number of the page that is to come, for the message.</param>
    /// <exception cref="DocumentUnreadableException">It makes no sense.</exception>
    public static ReadItem.Header ToHeader(ChildReply.Header header, int next) =>
        header.PageCount is null or >= 0
        && IsShort(header.Title, MaxFieldLength)
        && IsShort(header.Author, MaxFieldLength)
            ? new ReadItem.Header(header.PageCount, header.Title, header.Author)
            : throw Failures.StoppedAt(next);

    /// <summary>Its reason is shown to people as it is.</summary>
    public static DocumentUnreadableException ToFailure(ChildReply.Failed failed, int next) =>
        Enum.IsDefined(failed.Failure) && IsShort(failed.Reason, MaxFieldLength)
            ? new DocumentUnreadableException(failed.Failure, failed.Reason)
            : Failures.StoppedAt(next);

    /// <param name="next">The number that it must have.</param>
    /// <exception cref="DocumentUnreadableException">It makes no sense.</exception>
    public static DocumentPage ToPage(ChildReply.Page page, int next)
    {
        const int Numbers = ChildReply.Page.BlockNumbers;
        var count = page.Blocks.Count / Numbers;
        if (
            page.Number != next
            || page.Blocks.Count % Numbers != 0
            || (page.Places is not null && page.Places.Count != count)
            || !IsShort(page.Label, MaxPlaceLength)
            || !TextCleaner.IsClean(page.Text)
        )
        {
            throw Failures.StoppedAt(next);
        }

        var end = 0;
        var blocks = new TextBlock[count];
        for (var i = 0; i < count; i++)
        {
            blocks[i] = new TextBlock(
                (BlockKind)page.Blocks[i * Numbers],
                page.Blocks[(i * Numbers) + 1],
                page.Blocks[(i * Numbers) + 2],
                page.Blocks[(i * Numbers) + 3]
            )
            {
                Row = page.Blocks[(i * Numbers) + 4],
                Place = page.Places?[i],
            };
            if (
                !Enum.IsDefined(blocks[i].Kind)
                || blocks[i].Start < end
                || blocks[i].Length < 1
                || blocks[i].Length > page.Text.Length - blocks[i].Start
                || blocks[i].Level < 0
                || blocks[i].Row < 0
                || !IsShort(blocks[i].Place, MaxPlaceLength)
            )
            {
                throw Failures.StoppedAt(next);
            }

            end = blocks[i].End;
        }

        return new DocumentPage(page.Number, page.Text, 0, 0, [], blocks) { Label = page.Label };
    }

    private static bool IsShort(string? text, int most) =>
        text is null || (text.Length <= most && TextCleaner.IsClean(text));
}
