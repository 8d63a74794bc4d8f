using System.Runtime.InteropServices;
using System.Text;

namespace Chancery.Contracts.Comparing;

/// <summary>
/// What differs between two texts, in whole words. Kept and deleted words together are the earlier text, kept and inserted ones the later, to
/// the last space.
/// </summary>
public static class WordDiff
{
    /// <summary>Neighbours differ in kind; of two that stand at one place the deleted one comes first.</summary>
    public static IReadOnlyList<WordChange> Between(string from, string to)
    {
        if (from == to)
        {
            return from.Length == 0 ? [] : [new WordChange(WordChangeKind.Kept, from)];
        }

        if (from.Length == 0 || to.Length == 0)
        {
            return from.Length == 0
                ? [new WordChange(WordChangeKind.Inserted, to)]
                : [new WordChange(WordChangeKind.Deleted, from)];
        }

        var words = new Dictionary<string, int>().GetAlternateLookup<ReadOnlySpan<char>>();
        var (earlier, later) = (WordToken.Of(from), WordToken.Of(to));
        var (fromWords, toWords) = (Number(from, earlier, words), Number(to, later, words));
        var (keptFrom, keptTo) = SequenceDiff.Kept(fromWords, toWords);
        new WordRuns(from, to, earlier, later).Tidy(fromWords, toWords, keptFrom, keptTo);
        return Write(from, to, earlier, later, keptFrom, keptTo);
    }

    /// <summary>The earlier text.</summary>
    public static string FromOf(IReadOnlyList<WordChange> changes) => Without(changes, WordChangeKind.Inserted);

    /// <summary>The later text.</summary>
    public static string ToOf(IReadOnlyList<WordChange> changes) => Without(changes, WordChangeKind.Deleted);

    private static string Without(IReadOnlyList<WordChange> changes, WordChangeKind kind) =>
        changes.Count == 1 && changes[0].Kind != kind
            ? changes[0].Text
            : string.Concat(changes.Where(change => change.Kind != kind).Select(change => change.Text));

    private static int[] Number(
        string text,
        List<WordToken> tokens,
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> words
    )
    {
        var numbers = new int[tokens.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            var word = text.AsSpan(tokens[i].Word, tokens[i].End - tokens[i].Word);
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(words, word, out var isKnown);
            number = isKnown ? number : words.Dictionary.Count;
            numbers[i] = number;
        }

        return numbers;
    }

    private static List<WordChange> Write(
        string from,
        string to,
        List<WordToken> earlier,
        List<WordToken> later,
        bool[] keptFrom,
        bool[] keptTo
    )
    {
        var script = new WordScript();
        for (var (i, j) = (0, 0); i < earlier.Count; i++, j++)
        {
            for (; !keptFrom[i]; i++)
            {
                script.Delete(from.AsSpan(earlier[i].Start, earlier[i].End - earlier[i].Start));
            }

            for (; !keptTo[j]; j++)
            {
                script.Insert(to.AsSpan(later[j].Start, later[j].End - later[j].Start));
            }

            var (was, now) = (earlier[i], later[j]);
            var spaceWas = from.AsSpan(was.Start, was.Word - was.Start);
            var spaceNow = to.AsSpan(now.Start, now.Word - now.Start);
            if (spaceWas.SequenceEqual(spaceNow))
            {
                script.Keep(spaceWas);
            }
            else
            {
                script.Delete(spaceWas);
                script.Insert(spaceNow);
            }

            script.Keep(from.AsSpan(was.Word, was.End - was.Word));
        }

        return script.Close();
    }

    /// <summary>Changes as they are written, neighbours of one kind joined.</summary>
    private sealed class WordScript
    {
        private readonly List<WordChange> _changes = [];
        private readonly StringBuilder _kept = new();
        private readonly StringBuilder _deleted = new();
        private readonly StringBuilder _inserted = new();

        public void Delete(ReadOnlySpan<char> text) => _deleted.Append(text);

        public void Insert(ReadOnlySpan<char> text) => _inserted.Append(text);

        public void Keep(ReadOnlySpan<char> text)
        {
            if (text.Length > 0)
            {
                EndChange();
                _kept.Append(text);
            }
        }

        public List<WordChange> Close()
        {
            EndChange();
            EndKept();
            return _changes;
        }

        /// <summary>White space that both sides of a replacement start or end with is kept.</summary>
        private void EndChange()
        {
            if (_deleted.Length == 0 && _inserted.Length == 0)
            {
                return;
            }

            var (deleted, inserted) = (_deleted.ToString(), _inserted.ToString());
            var shorter = Math.Min(deleted.Length, inserted.Length);
            var before = 0;
            while (before < shorter && deleted[before] == inserted[before] && char.IsWhiteSpace(deleted[before]))
            {
                before++;
            }

            var after = 0;
            while (
                after < shorter - before
                && deleted[^(after + 1)] == inserted[^(after + 1)]
                && char.IsWhiteSpace(deleted[^(after + 1)])
            )
            {
                after++;
            }

            _kept.Append(deleted, 0, before);
            EndKept();
            End(WordChangeKind.Deleted, deleted[before..^after]);
            End(WordChangeKind.Inserted, inserted[before..^after]);
            _kept.Append(deleted, deleted.Length - after, after);
            _deleted.Clear();
            _inserted.Clear();
        }

        private void EndKept()
        {
            End(WordChangeKind.Kept, _kept.ToString());
            _kept.Clear();
        }

        private void End(WordChangeKind kind, string text)
        {
            if (text.Length > 0)
            {
                _changes.Add(new WordChange(kind, text));
            }
        }
    }
}
