using System.ComponentModel.DataAnnotations;

namespace Chancery.Server.Knowledge.Vectors.Indexes;

/// <summary>Which organisations' vectors get an index in PostgreSQL, and of what make.</summary>
public sealed class VectorIndexOptions : IValidatableObject
{
    /// <summary>Vectors from which an organisation gets an index; 0 for none by size.</summary>
    [ConfigurationKeyName("HNSW_PASSAGES"), Range(0, int.MaxValue)]
    public int Passages { get; set; } = 100_000;

    /// <summary>Ids of organisations that get one in any case, with commas between them.</summary>
    [ConfigurationKeyName("HNSW_TENANTS")]
    public string? Tenants { get; set; }

    /// <summary>Neighbours of a vector in the graph.</summary>
    [ConfigurationKeyName("HNSW_M"), Range(2, 100)]
    public int M { get; set; } = 32;

    /// <summary>Candidates that are looked at to find them; at least twice as many.</summary>
    [ConfigurationKeyName("HNSW_EF_CONSTRUCTION"), Range(4, 1000)]
    public int EfConstruction { get; set; } = 64;

    /// <summary>Candidates that a search keeps: more find more, and take longer.</summary>
    [ConfigurationKeyName("HNSW_EF_SEARCH"), Range(1, 1000)]
    public int EfSearch { get; set; } = 100;

    /// <summary>Memory for building, in MB: a graph that fits into it is built many times faster.</summary>
    [ConfigurationKeyName("HNSW_BUILD_MEMORY_MB"), Range(64, 1_000_000)]
    public int BuildMemoryMegabytes { get; set; } = 256;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (EfConstruction < 2 * M)
        {
            yield return new ValidationResult("HNSW_EF_CONSTRUCTION must be at least twice HNSW_M.");
        }

        if (Split(Tenants).Any(text => !Guid.TryParse(text, out _)))
        {
            yield return new ValidationResult("HNSW_TENANTS takes ids of organisations, with commas between them.");
        }
    }

    internal bool Names(Guid tenant) => Split(Tenants).Any(text => Guid.TryParse(text, out var id) && id == tenant);

    private static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
