using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Finds the rows of a segment in which a sequence stands.</summary>
internal static class SequenceRows
{
    private static readonly Field[] AllFields = [Field.Title, Field.Heading, Field.Body];

    /// <summary>All such rows, alive or not. Linear in the postings of its terms at most.</summary>
    public static Bitmap Find(TextSegment segment, Sequence sequence)
    {
        var found = Bitmap.None(segment.Rows.Count);
        var places = new List<Place>();
        try
        {
            foreach (var (offset, terms) in sequence.Places)
            {
                var place = Place.Open(segment.Postings, offset, terms);
                places.Add(place);
                if (place.Row == int.MaxValue)
                    return found;
            }

            Field[] fields = sequence.Field is { } only ? [only] : AllFields;
            for (var row = 0; ; row++)
            {
                row = NextCommon(places, row);
                if (row == int.MaxValue)
                    return found;
                if (Array.Exists(fields, field => Stands(places, row, field)))
                    found.Set(row);
            }
        }
        finally
        {
            foreach (var place in places)
                place.Close();
        }
    }

    /// <summary>The first row from <paramref name="row"/> on that has a term of every place.</summary>
    private static int NextCommon(List<Place> places, int row)
    {
        while (true)
        {
            var next = row;
            foreach (var place in places)
            {
                next = Math.Max(next, place.MoveTo(next));
                if (next == int.MaxValue)
                    return next;
            }

            if (next == row && places.TrueForAll(place => place.Row == row))
                return row;
            row = next;
        }
    }

    private static bool Stands(List<Place> places, int row, Field field)
    {
        if (places.Count == 1)
            return places[0].IsIn(row, field);

        var starts = new HashSet<int>(places[0].StartsIn(row, field));
        for (var i = 1; i < places.Count && starts.Count > 0; i++)
            starts.IntersectWith(places[i].StartsIn(row, field));
        return starts.Count > 0;
    }

    /// <summary>The rows that have one or another of a place's terms.</summary>
    private sealed class Place
    {
        private readonly List<PostingsCursor> _cursors = [];
        private readonly List<int> _positions = [];
        private int _offset;

        public int Row { get; private set; }

        public static Place Open(Postings postings, int offset, IReadOnlyList<string> terms)
        {
            var place = new Place { _offset = offset };
            foreach (var term in terms)
            {
                if (postings.Terms.Find(term) is var found and >= 0)
                    place._cursors.Add(PostingsCursor.Rent(postings, found));
            }

            place.MoveTo(0);
            return place;
        }

        public int MoveTo(int row)
        {
            Row = int.MaxValue;
            foreach (var cursor in _cursors)
            {
                cursor.MoveTo(row);
                Row = Math.Min(Row, cursor.Row);
            }

            return Row;
        }

        public bool IsIn(int row, Field field) =>
            _cursors.Exists(cursor => cursor.Row == row && cursor.FrequencyIn(field) > 0);

        /// <summary>Where the sequence would begin for this place to be where it is.</summary>
        public IEnumerable<int> StartsIn(int row, Field field)
        {
            _positions.Clear();
            foreach (var cursor in _cursors)
            {
                if (cursor.Row == row)
                    cursor.ReadPositions(field, _positions);
            }

            return _positions.Select(position => position - _offset);
        }

        public void Close()
        {
            foreach (var cursor in _cursors)
                PostingsCursor.Return(cursor);
            _cursors.Clear();
        }
    }
}
