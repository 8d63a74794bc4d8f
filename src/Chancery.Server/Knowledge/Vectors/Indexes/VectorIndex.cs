using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Vectors.Indexes;

/// <summary>
/// The HNSW graph of one organisation's vectors of one model: an index on the shared table that holds those rows and no others. Its
/// name says whose it is, so that nothing else has to be kept in step with it.
/// </summary>
/// <remarks>
/// An index over all organisations would find nothing for a small one among large ones, and would cost every insert. This one costs
/// its own organisation's inserts only; others pay the look at its condition.
/// </remarks>
internal sealed record VectorIndex(TenantId Tenant, string Model, int Dimensions)
{
    /// <summary>What the names of all of them begin with.</summary>
    public const string Prefix = "vectors_";

    /// <summary>Vectors of up to so many numbers are indexed as they are; longer ones at half precision, several to a page.</summary>
    private const int MostWhole = 1000;

    /// <summary>What pgvector can index at all.</summary>
    public const int MostDimensions = 4000;

    /// <summary>Whether pgvector can index vectors of this length.</summary>
    public bool IsPossible => Dimensions is > 0 and <= MostDimensions;

    /// <summary><c>vector(384)</c>, <c>halfvec(1536)</c>: what the graph is made of. Distances are taken anew from the whole vectors.</summary>
    public string Type =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(Dimensions <= MostWhole ? "vector" : "halfvec")}({Dimensions})"
        );

    public string OperatorClass => Dimensions <= MostWhole ? "vector_cosine_ops" : "halfvec_cosine_ops";

    /// <summary>What the names of this organisation's begin with: <c>vectors_0197…_</c>.</summary>
    public static string PrefixOf(TenantId tenant) => $"{Prefix}{tenant.Value:n}_";

    /// <summary>What the names of all that serve the same questions begin with, whatever they are made like.</summary>
    public string Group
    {
        get
        {
            var hash = SHA256.HashData(
                Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Dimensions}/{Model}"))
            );
            return $"{PrefixOf(Tenant)}{Convert.ToHexStringLower(hash.AsSpan(0, 4))}_";
        }
    }

    /// <summary>At most 59 bytes; PostgreSQL takes 63.</summary>
    public string NameOf(VectorIndexOptions options) =>
        string.Create(CultureInfo.InvariantCulture, $"{Group}m{options.M}_ef{options.EfConstruction}");

    /// <summary>Whose index has this name; null where it is no name of ours.</summary>
    public static TenantId? TenantOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && name.Length > Prefix.Length + 32
        && Guid.TryParseExact(name.AsSpan(Prefix.Length, 32), "n", out var tenant)
            ? new TenantId(tenant)
            : null;
}
