namespace Chancery.Contracts.Reading;

/// <summary>Answers which numbers still come, within a bounded distance.</summary>
internal sealed class SeriesAhead(IReadOnlyList<LabelCandidate> candidates)
{
    private const int Reach = 60;

    /// <summary>Whether a number of the series comes soon that counts on from a value.</summary>
    public bool Continues(int index, string key, int value, Func<LabelCandidate, bool>? where = null) =>
        FirstOf(index, key, value + 1, where) is not null;

    /// <summary>The index of the next candidate with this value.</summary>
    public int? FirstOf(int index, string key, int value, Func<LabelCandidate, bool>? where = null)
    {
        for (var i = index + 1; i < candidates.Count && i <= index + Reach; i++)
        {
            var candidate = candidates[i];
            if (where is not null && !where(candidate))
            {
                continue;
            }

            foreach (var reading in candidate.Label.Readings)
            {
                if (reading.Value == value && candidate.Label.SeriesOf(reading.Format) == key)
                {
                    return i;
                }
            }
        }

        return null;
    }

    /// <summary>Whether a first number in decimals under this one comes soon: 12.1 after "12.0".</summary>
    public bool HasChild(int index, int value)
    {
        for (var i = index + 1; i < candidates.Count && i <= index + 8; i++)
        {
            if (
                candidates[i].IsSetOff
                && candidates[i].Label is { IsDecimal: true, Parts: var parts }
                && parts[0] == value
                && parts[^1] <= 1
            )
            {
                return true;
            }
        }

        return false;
    }
}
