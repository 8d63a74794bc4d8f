using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>This server's log files. Lines that name a tenant that is erased go; the console is not ours to erase.</summary>
/// <param name="files">Null where nothing is logged to files. The log closes them.</param>
internal sealed class LogFiles(RollingFiles? files) : ITenantRemains
{
    public RollingFiles? Files => files;

    public string Name => "log lines";

    public async Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken) =>
        files is null
            ? default
            : await files.EraseAsync([tenant.Value.ToString("D"), tenant.Value.ToString("n")], cancellationToken);
}
