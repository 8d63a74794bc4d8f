namespace Chancery.Contracts.Reading;

/// <summary>Numbers that count on: the clauses of one level under one parent.</summary>
internal sealed class OpenSeries(string key, PrintedLabel first, LabelReading reading, int depth)
{
    public string Key { get; } = key;

    public NumberFormat Format { get; } = reading.Format;

    public int Last { get; private set; } = reading.Value;

    /// <summary>All of the last number: 4 and 2 of "4.2".</summary>
    public IReadOnlyList<int> Parts { get; private set; } = first.IsDecimal ? first.Parts : [reading.Value];

    public int Depth { get; } = depth;

    public void Advance(PrintedLabel label, LabelReading reading)
    {
        Last = reading.Value;
        Parts = label.IsDecimal ? label.Parts : [reading.Value];
    }

    /// <summary>Whether a number in decimals counts on among these: 4.3 after 4.2.</summary>
    public bool HoldsSiblingOf(PrintedLabel label) =>
        Parts.Count == label.Parts.Count
        && Parts.Take(Parts.Count - 1).SequenceEqual(label.Parts.Take(Parts.Count - 1));

    /// <summary>Whether a number in decimals stands under the last of these: 4.1 under 4.</summary>
    public bool HoldsParentOf(PrintedLabel label) =>
        Parts.Count == label.Parts.Count - 1 && Parts.SequenceEqual(label.Parts.Take(Parts.Count));
}
