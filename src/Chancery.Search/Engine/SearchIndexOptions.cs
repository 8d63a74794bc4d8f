namespace Chancery.Search.Engine;

/// <summary>What is fixed for the life of an index; a snapshot with others is refused.</summary>
public sealed record SearchIndexOptions
{
    /// <summary>Whose index it is: a snapshot of somebody else is refused.</summary>
    public Guid Owner { get; init; }

    /// <summary>Of vectors, 1 to 8,192; 0 for an index that only knows words.</summary>
    public int Dimensions { get; init; }

    /// <summary>Whatever else must be the same, as the name of the embedding model.</summary>
    public string Stamp { get; init; } = "";

    public FieldWeights Weights { get; init; } = FieldWeights.Default;

    /// <summary>What a request uses that does not say otherwise.</summary>
    public Bm25Settings Bm25 { get; init; } = Bm25Settings.Default;

    /// <summary>Up to so many vectors all are scanned; above, bits choose first.</summary>
    public int ExactScanRows { get; init; } = 20_000;

    /// <summary>The share of rows, 0 to 1, that the bits leave for the scan.</summary>
    public double PrefilterShare { get; init; } = 0.05;
}

/// <summary>How often a word counts that stands in a field.</summary>
public readonly record struct FieldWeights(float Title, float Heading, float Body)
{
    public static FieldWeights Default => new(1.5f, 2, 1);

    /// <summary>The weighted frequency of a word in a passage.</summary>
    internal float Weigh(int title, int heading, int body) => (Title * title) + (Heading * heading) + (Body * body);
}

/// <summary>The constants of BM25 (Robertson, Walker et al. 1994). The table <c>bm25.md</c> tells how the figures were chosen.</summary>
/// <param name="K1">How slowly repetition in a passage saturates, from 0 (not at all counted).</param>
/// <param name="B">How much length counts, 0 to 1.</param>
/// <param name="K3">
/// How slowly repetition in the query saturates, from 0: a page that is pasted in says again and again what it is about.
/// </param>
public readonly record struct Bm25Settings(double K1, double B, double K3 = Bm25Settings.DefaultK3)
{
    private const double DefaultK3 = 6;

    public static Bm25Settings Default => new(1.2, 0.85);

    /// <summary>How heavily a word counts that a query says so often.</summary>
    public double WeightOf(int count) => (K3 + 1) * count / (K3 + count);

    /// <summary>Itself, with what cannot be used replaced by the default.</summary>
    internal Bm25Settings Usable =>
        new(
            double.IsFinite(K1) && K1 >= 0 ? Math.Min(K1, 1000) : Default.K1,
            double.IsFinite(B) ? Math.Clamp(B, 0, 1) : Default.B,
            double.IsFinite(K3) && K3 >= 0 ? Math.Min(K3, 1000) : DefaultK3
        );
}
