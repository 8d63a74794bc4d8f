using System.CommandLine;

namespace Chancery.Server.Commands;

/// <summary><c>chancery doctor</c>: checks everything the server leans on, and says how to mend what is wrong.</summary>
public static class DoctorCommand
{
    /// <summary>The command for the command line; it exits with 0 when every needed thing is there, else with 1.</summary>
    public static Command Create() =>
        new("doctor", "Check what this machine offers, and say how to mend what is missing");
}
