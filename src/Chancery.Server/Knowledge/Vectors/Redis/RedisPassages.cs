using System.Globalization;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis.VectorSets;

namespace Chancery.Server.Knowledge.Vectors.Redis;

/// <summary>The nearest passages by vector sets in Redis.</summary>
internal sealed class RedisPassages(VectorSets sets, PassageVectorSource source) : INearestPassages
{
    public string Scan => DenseScan.Redis;

    public async Task<NearestIds?> FindAsync(
        TenantId tenant,
        string model,
        string vector,
        Guid[]? documents,
        int most,
        CancellationToken cancellationToken
    ) =>
        await sets.FindAsync(source, tenant, model, Parse(vector), documents, most, cancellationToken) is { } found
            ? new NearestIds(
                [.. found.Ids.Select(Guid.Parse)],
                found.Ids.Count < most && (documents is not null || found.Ids.Count == found.Size)
            )
            : null;

    public Task ForgetAsync(TenantId tenant, string model, int dimensions) =>
        sets.ForgetAsync(tenant, model, dimensions);

    // [0.1,-0.2,…]
    private static float[] Parse(string vector) =>
        [
            .. vector
                .Trim('[', ']')
                .Split(',')
                .Select(number => float.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture)),
        ];
}
