namespace Chancery.Contracts.Reading;

/// <summary>Answers which numbers still come, within a bounded distance.</summary>
internal sealed class SeriesAhead
{
    private const int Reach = 60;

    private readonly IReadOnlyList<LabelCandidate> _candidates;
    private readonly Dictionary<(string Series, int Value), List<int>> _places = [];

    public SeriesAhead(IReadOnlyList<LabelCandidate> candidates)
    {
        _candidates = candidates;
        for (var i = 0; i < candidates.Count; i++)
        {
            foreach (var reading in candidates[i].Label.Readings)
            {
                var number = (candidates[i].Label.SeriesOf(reading.Format), reading.Value);
                if (!_places.TryGetValue(number, out var places))
                {
                    _places[number] = places = [];
                }

                places.Add(i);
            }
        }
    }

    /// <summary>Whether a number of the series comes soon that counts on from a value.</summary>
    public bool Continues(int index, string key, int value, Func<LabelCandidate, bool>? where = null) =>
        FirstOf(index, key, value + 1, where) is not null;

    /// <summary>The index of the next candidate with this value.</summary>
    public int? FirstOf(int index, string key, int value, Func<LabelCandidate, bool>? where = null)
    {
        if (!_places.TryGetValue((key, value), out var places))
        {
            return null;
        }

        var at = places.BinarySearch(index + 1);
        for (at = at < 0 ? ~at : at; at < places.Count && places[at] <= index + Reach; at++)
        {
            if (where is null || where(_candidates[places[at]]))
            {
                return places[at];
            }
        }

        return null;
    }

    /// <summary>Whether a first number in decimals under this one comes soon: 12.1 after "12.0".</summary>
    public bool HasChild(int index, int value)
    {
        for (var i = index + 1; i < _candidates.Count && i <= index + 8; i++)
        {
            if (
                _candidates[i].IsSetOff
                && _candidates[i].Label is { IsDecimal: true, Parts: var parts }
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
