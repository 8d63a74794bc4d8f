namespace Chancery.Search.Engine.Lexical;

/// <summary>
/// BM25 of one term over title, heading and body as one field (Robertson and Zaragoza 2009), as fixed-point integers: their
/// sum does not depend on its order, so that every way of finding the best rows gives the same scores.
/// </summary>
internal readonly struct Bm25
{
    private const double Unit = 1L << 32;

    private readonly double _scale;
    private readonly double _base;
    private readonly double _perToken;

    /// <param name="passages">Alive in the index.</param>
    /// <param name="averageLength">Of those, in tokens.</param>
    /// <param name="frequency">How many of those hold the term, at least 1.</param>
    /// <param name="weight">Of the term in the query.</param>
    public Bm25(Bm25Settings settings, int passages, double averageLength, int frequency, double weight = 1)
    {
        InverseFrequency = Math.Log(1 + ((passages - frequency + 0.5) / (frequency + 0.5)));
        _scale = weight * InverseFrequency * (settings.K1 + 1) * Unit;
        _base = settings.K1 * (1 - settings.B);
        _perToken = settings.K1 * settings.B / Math.Max(1, averageLength);
    }

    public double InverseFrequency { get; }

    /// <param name="weighted">The weighted frequency of the term in the row.</param>
    /// <param name="length">Of the row, in tokens.</param>
    public long Score(float weighted, int length) =>
        weighted > 0 ? (long)(_scale * weighted / (weighted + _base + (_perToken * length))) : 0;

    /// <summary>What no row exceeds that an impact bounds; a little more, for the rounding of the quotient.</summary>
    public long Bound(Impact impact) => (long)(Score(impact.Frequency, impact.Length) * (1 + 1e-9)) + 1;

    public long Bound(in BlockEntry block) =>
        Math.Max(Bound(block.First), Math.Max(Bound(block.Second), Bound(block.Third)));

    public static double ToDouble(long score) => score / Unit;
}
