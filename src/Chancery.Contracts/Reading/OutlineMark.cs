namespace Chancery.Contracts.Reading;

internal enum MarkKind
{
    /// <summary>What bears a number.</summary>
    Numbered,

    /// <summary>A heading without a number, which is what the mark's segment says from its start.</summary>
    Heading,

    /// <summary>Words of their own without number and heading: what follows recitals, signatures.</summary>
    Block,

    /// <summary>"EXHIBIT A", with its title on the same or the next line.</summary>
    Attachment,
}

/// <summary>Where a clause begins.</summary>
/// <param name="Start">Where its number or its words begin in the segment.</param>
/// <param name="End">Where its words begin, behind its number.</param>
/// <param name="Depth">0 at the top.</param>
internal sealed record OutlineMark(
    MarkKind Kind,
    int Segment,
    int Start,
    int End,
    int Depth,
    PrintedLabel? Label = null
);
