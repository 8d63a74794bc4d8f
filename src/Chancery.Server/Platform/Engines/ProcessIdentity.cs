using System.Globalization;

namespace Chancery.Server.Platform.Engines;

/// <summary>
/// One process for as long as it lives: a number is given out again, a number with its start time is not.
/// </summary>
/// <param name="ProcessId">Its number.</param>
/// <param name="StartTicks">Clock ticks from the machine's boot to its start, field 22 of <c>/proc/…/stat</c>.</param>
/// <param name="BootId">Which boot of the machine that was.</param>
internal sealed record ProcessIdentity(int ProcessId, long StartTicks, string BootId)
{
    private static readonly string CurrentBoot = ReadBootId();

    /// <summary>Null when no such process runs; a zombie does not run.</summary>
    public static ProcessIdentity? Of(int processId)
    {
        string stat;

        try
        {
            stat = File.ReadAllText($"/proc/{processId}/stat");
        }
        catch (IOException)
        {
            return null;
        }

        // 4711 (redis server) S 1 4711 … — the name may hold spaces and brackets, so fields are counted from its end.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

        return fields[0] is "Z" or "X"
            ? null
            : new ProcessIdentity(processId, long.Parse(fields[19], CultureInfo.InvariantCulture), CurrentBoot);
    }

    public bool IsAlive => Of(ProcessId) == this;

    /// <summary>False when it outlives <paramref name="patience"/>.</summary>
    public async Task<bool> WaitForEndAsync(TimeSpan patience)
    {
        for (var waited = TimeSpan.Zero; IsAlive; waited += Poll)
        {
            if (waited > patience)
            {
                return false;
            }

            await Task.Delay(Poll, CancellationToken.None);
        }

        return true;
    }

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private static string ReadBootId()
    {
        const string path = "/proc/sys/kernel/random/boot_id";
        return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
    }
}
